'use strict';
const diagnostics = require('node:diagnostics_channel');
const http = require('node:http');
const { harmless, patch } = require('./patch.js');

/** A server has accepted a connection, on which nothing was received yet. */
const ACCEPTED = 'net.server.socket';

/**
 * Serves what the servers of this thread receive in contexts of their own: http, and https and http2 once somebody has
 * loaded them, because they take megabytes.
 * @param {import('./contexts.js').Contexts} contexts
 * @param {{ passes(): boolean, begin(server: object, event: any, request: any, response: any): import('./contexts.js').LeakWatchRequest | undefined }} visitor
 *   `passes`: whether nothing is to be told of the request that has come; `begin`: told each other event of a server,
 *   returns the marker to serve it with, if any. They must not throw
 * @returns {() => void} stops
 */
function watchServers(contexts, visitor) {
  const undo = [];
  const watch = (prototype) => undo.push(patch(prototype, 'emit', (original, state) => serving(original, state, contexts, visitor)));
  const awaited = new Map([['https', () => [require('node:https').Server.prototype]], ['http2', http2Prototypes]]);
  const meet = harmless(() => {
    for (const [builtin, prototypes] of awaited) {
      if (isLoaded(builtin) && awaited.delete(builtin)) prototypes().forEach(watch);
    }
  });
  watch(http.Server.prototype);
  diagnostics.subscribe(ACCEPTED, meet);
  meet();
  return () => {
    diagnostics.unsubscribe(ACCEPTED, meet);
    for (const restore of undo.reverse()) restore();
  };
}

/**
 * Most requests of a busy server pass: what that takes is apart from what the others need, and small. Those that are looked at without
 * a context are served by the same call, so that V8 has no second, rare way to compile.
 */
function serving(original, state, contexts, visitor) {
  const visit = visiting(original, state, contexts, visitor);
  return {
    wrapper(event, request, response) {
      if (event !== 'request' || arguments.length !== 3) return Reflect.apply(visit, this, arguments);
      const marker = visitor.passes() || !state.active ? undefined : visitor.begin(this, event, request, response);
      if (marker) return contexts.run(marker, original, this, [event, request, response]);
      return original.call(this, event, request, response);
    },
  }.wrapper;
}

function visiting(original, state, contexts, visitor) {
  /** @this {object} */
  return function visit(event, request, response, head) {
    const marker = state.active ? visitor.begin(this, event, request, response) : undefined;
    // More than Node's events have: no context, rather than an argument lost in the copy.
    if (!marker || arguments.length > 4) return Reflect.apply(original, this, arguments);
    // A copy, so that V8 need not make an object of `arguments` for all the others.
    return contexts.run(marker, original, this, [event, request, response, head].slice(0, arguments.length));
  };
}

function isLoaded(builtin) {
  const { moduleLoadList } = /** @type {{ moduleLoadList?: string[] }} */ (/** @type {unknown} */ (process));
  return moduleLoadList?.includes(`NativeModule ${builtin}`) ?? false;
}

/** @type {any[] | undefined} */
let prototypes;

/** The classes of http2's servers are not exported. */
function http2Prototypes() {
  const http2 = require('node:http2');
  prototypes ??= [http2.createServer(), http2.createSecureServer()].map((server) => Object.getPrototypeOf(server));
  return prototypes;
}

module.exports = { ACCEPTED, watchServers };
