'use strict';
const diagnostics = require('node:diagnostics_channel');
const { harmless, observe } = require('./patch.js');

/** Fastify tells whoever listens, before a route's handler runs. */
const FASTIFY_HANDLER = 'tracing:fastify.request.handler:start';

/**
 * Routes of frameworks that do not write them on Node's request as Express does. Fastify publishes them. Koa's routers
 * write them on a context that leads to the request, but not back: where contexts are made is looked at.
 */
class Frameworks {
  /** @type {WeakMap<object, () => unknown>} */
  #told = new WeakMap();
  /** @type {WeakSet<object>} */
  #servers = new WeakSet();
  /** @type {WeakSet<object>} */
  #looked = new WeakSet();
  /** @type {(() => void)[]} */
  #undo = [];
  #onFastify = harmless(({ request, route }) => this.#told.set(request.raw, () => route.url));

  start() {
    diagnostics.subscribe(FASTIFY_HANDLER, this.#onFastify);
  }

  stop() {
    diagnostics.unsubscribe(FASTIFY_HANDLER, this.#onFastify);
    for (const restore of this.#undo.reverse()) restore();
    this.#undo = [];
  }

  /**
   * A server has received something: what serves it is loaded by now.
   * @param {object} server
   */
  meet(server) {
    if (this.#servers.has(server)) return;
    this.#servers.add(server);
    for (const module of Object.values(require.cache)) {
      for (const prototype of contextMakers(module?.exports)) this.#look(prototype);
    }
  }

  /**
   * The route that a framework has told for a request.
   * @param {object} request
   * @returns {string | undefined}
   */
  patternOf(request) {
    const pattern = this.#told.get(request)?.();
    return typeof pattern === 'string' || pattern instanceof RegExp ? String(pattern) : undefined;
  }

  #look(prototype) {
    if (this.#looked.has(prototype)) return;
    this.#looked.add(prototype);
    this.#undo.push(observe(prototype, 'createContext', (context, [request]) => this.#told.set(request, () => context._matchedRoute)));
  }
}

/** Prototypes of classes that look like Koa's application, whatever the package is called. No getter is run. */
function contextMakers(exported) {
  const candidates = [exported, valueOf(exported, 'default')];
  const prototypes = candidates.filter((value) => typeof value === 'function').map((value) => valueOf(value, 'prototype'));
  return prototypes.filter((prototype) => ['createContext', 'handleRequest', 'callback'].every((name) => typeof valueOf(prototype, name) === 'function'));
}

function valueOf(object, key) {
  const isObject = (typeof object === 'object' && object !== null) || typeof object === 'function';
  return isObject ? Object.getOwnPropertyDescriptor(object, key)?.value : undefined;
}

module.exports = { Frameworks };
