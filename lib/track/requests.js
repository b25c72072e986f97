'use strict';
const { AsyncLocalStorage } = require('node:async_hooks');
const http = require('node:http');
const { Ledger } = require('./ledger.js');
const { observe, patch } = require('./patch.js');

const requestEvents = new Set(['request', 'checkContinue', 'checkExpectation']);

/** What runs because of one request carries this, so that what it creates is known to be its. */
class RequestContext {
  /**
   * @param {number} id
   * @param {any} request
   */
  constructor(id, request) {
    this.id = id;
    /** Dropped when the response is over: a context that lives on keeps nothing else alive. */
    this.request = request;
    /** @type {number | undefined} */
    this.route = undefined;
  }
}

/**
 * Requests of http, https and http2 servers, and protocol upgrades: counts per route, who is being served, and
 * requests that live on after their response.
 */
class Requests {
  #routes;
  #table;
  #storage = new AsyncLocalStorage();
  /** @type {WeakMap<object, RequestContext>} */
  #byResponse = new WeakMap();
  /** @type {(() => void)[]} */
  #undo = [];
  /** @type {Ledger | undefined} */
  #survivors;
  /** Open requests that created something before their route was known. @type {Map<number, WeakRef<RequestContext>>} */
  #unresolved = new Map();
  #count = 0;

  /**
   * @param {any} table native TrackTable
   * @param {import('./routes.js').Routes} routes
   */
  constructor(table, routes) {
    this.#table = table;
    this.#routes = routes;
  }

  /** How many were seen. */
  get count() {
    return this.#count;
  }

  /** Who is being served: a route's number, or minus the request's while its route is unknown. */
  owner() {
    const context = this.#storage.getStore();
    if (!context) return null;
    const route = context.route ?? this.#routes.serving(context.request);
    if (route === undefined && !this.#unresolved.has(context.id)) this.#unresolved.set(context.id, new WeakRef(context));
    return route ?? -context.id;
  }

  /**
   * @param {import('./recorder.js').Recorder} recorder
   * @param {boolean} counts whether to count requests per route and survivors; else only contexts are kept
   */
  start(recorder, counts) {
    // Loaded only by who needs them: they take megabytes.
    const http2 = require('node:http2');
    const https = require('node:https');
    this.#survivors = new Ledger(recorder.table, () => true);
    const closed = (response) => this.#closed(response, recorder, counts);
    for (const { prototype } of [http.Server, https.Server]) this.#watchServer(prototype);
    for (const { prototype } of [http.ServerResponse, http2.Http2ServerResponse]) {
      this.#undo.push(patch(prototype, 'emit', (original, state) => closeObserver(original, state, closed)));
    }
    // The classes of http2's servers are not exported: they are met with their first instance.
    const met = new Set();
    const meet = (server) => {
      const prototype = Object.getPrototypeOf(server);
      if (!met.has(prototype)) this.#watchServer(prototype);
      met.add(prototype);
    };
    for (const name of ['createServer', 'createSecureServer']) this.#undo.push(observe(http2, name, meet));
    return this;
  }

  sweep() {
    this.#survivors?.sweep();
    for (const [id, ref] of this.#unresolved) {
      const request = ref.deref()?.request;
      if (request) this.#table.resolve(id, this.#routes.served(request));
      else this.#unresolved.delete(id);
    }
  }

  stop() {
    for (const restore of this.#undo.reverse()) restore();
    this.#undo = [];
    this.#survivors?.clear();
    this.#storage.disable();
  }

  #watchServer(prototype) {
    const requests = this;
    const undo = patch(prototype, 'emit', (original, state) => {
      return {
        wrapper(...args) {
          if (!state.active) return Reflect.apply(original, this, args);
          const context = requests.#begin(args);
          if (!context) return Reflect.apply(original, this, args);
          return requests.#storage.run(context, () => Reflect.apply(original, this, args));
        },
      }.wrapper;
    });
    this.#undo.push(undo);
  }

  #begin(/** @type {any[]} */ [event, request, response]) {
    try {
      if (event === 'upgrade') return this.#beginUpgrade(request);
      return requestEvents.has(event) ? this.#beginRequest(request, response) : undefined;
    } catch {
      return undefined; // the application comes first
    }
  }

  #beginRequest(request, response) {
    if (this.#byResponse.has(response)) return undefined;
    const context = this.#context(request);
    this.#byResponse.set(response, context);
    return context;
  }

  #beginUpgrade(request) {
    const context = this.#context(null);
    context.route = this.#routes.upgraded(request);
    this.#routes.count(context.route);
    return context;
  }

  #context(request) {
    this.#count += 1;
    return new RequestContext(1 + (this.#count % 0x7fffffff), request);
  }

  #closed(response, recorder, counts) {
    const context = this.#byResponse.get(response);
    if (!context?.request) return;
    const { request } = context;
    const route = this.#routes.served(request);
    context.route = route;
    context.request = null;
    this.#unresolved.delete(context.id);
    this.#table.resolve(context.id, route);
    if (!counts) return;
    this.#routes.count(route);
    const name = response.writableFinished ? 'IncomingMessage' : 'IncomingMessage (aborted)';
    this.#survivors?.add(request, recorder.add('request', name, { site: 0, owner: route }));
  }
}

function closeObserver(original, state, closed) {
  return {
    wrapper(...args) {
      const result = Reflect.apply(original, this, args);
      if (state.active && args[0] === 'close') {
        try {
          closed(this);
        } catch {
          // The application comes first.
        }
      }
      return result;
    },
  }.wrapper;
}

module.exports = { Requests };
