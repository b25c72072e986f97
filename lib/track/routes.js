'use strict';
const { mountOf } = require('./mount.js');
const native = require('../native.js');

/** Names made from addresses; the rest is named by its first segment, then it is all one. */
const MAX_ADDRESS_NAMES = 64;
/** Different mount points remembered for one route. */
const MAX_MOUNTS = 16;
/** Patterns of other frameworks remembered; the table has a limit of its own. */
const MAX_PATTERNS = 1024;
/** Handlers told for one route, and routes told. */
const MAX_HANDLERS = 8;
const MAX_HANDLED_ROUTES = 256;

/**
 * What serves each route. Heap snapshots keep the names of classes and properties, redacted ones too, so that the line
 * of a leak leads to its route there as well: `src/heap/handlers.rs` reads it.
 */
class LeakWatchRoutes {}

/**
 * Routes as people wrote them: `GET /users/:id`, with the mount path for Express; method and first path segment where
 * no framework tells. Names become numbers of the native table; what does not fit is `(other)`.
 */
class Routes {
  #table;
  /** Numbers by Express's route object, then by method and mount point. @type {WeakMap<object, RouteName[]>} */
  #known = new WeakMap();
  #frameworks;
  /** By method and pattern. @type {Map<string, number>} */
  #patterns = new Map();
  /** @type {Map<string, number>} */
  #addresses = new Map();
  /** @type {number[]} */
  #counts = [];
  /** @type {Record<string, WeakRef<Function>[]>} */
  #handled = /** @type {any} */ (new LeakWatchRoutes());
  #handledCount = 0;

  /**
   * @param {any} table native TrackTable
   * @param {import('./frameworks.js').Frameworks} frameworks
   */
  constructor(table, frameworks) {
    this.#table = table;
    this.#frameworks = frameworks;
  }

  /**
   * The route that serves this request now, when its framework has found it.
   * @param {any} request
   * @returns {number | undefined}
   */
  serving(request) {
    const route = request.route;
    if (typeof route === 'object' && route !== null && 'path' in route) return this.#expressRoute(request, route);
    const pattern = this.#frameworks.patternOf(request);
    return pattern === undefined ? undefined : this.#byPattern(`${request.method} ${pattern}`);
  }

  /**
   * The route of a request that is over: never undefined.
   * @param {any} request
   * @returns {number}
   */
  served(request) {
    return this.serving(request) ?? this.#addressed(request);
  }

  /**
   * The route of a protocol upgrade.
   * @param {any} request
   * @returns {number}
   */
  upgraded(request) {
    const protocol = String(request.headers?.upgrade ?? '').toLowerCase() === 'websocket' ? 'WS' : 'UPGRADE';
    return this.#byAddress(protocol, request.url ?? '/', 1);
  }

  /**
   * So many requests more were for a route.
   * @param {number} route
   * @param {number} requests
   */
  count(route, requests) {
    this.#counts[route] = (this.#counts[route] ?? 0) + requests;
  }

  /** Requests per route since the start, or what they are taken to be. @returns {Record<string, number>} */
  counts() {
    /** @type {Record<string, number>} */
    const counts = {};
    this.#counts.forEach((count, route) => {
      counts[this.#table.routeName(route)] = count;
    });
    return counts;
  }

  /** The functions that serve each route. @returns {{ route: string, functions: Function[] }[]} */
  handlers() {
    const rows = [];
    for (const [route, handlers] of Object.entries(this.#handled)) {
      const functions = handlers.map((handler) => handler.deref()).filter((handler) => handler !== undefined);
      if (functions.length > 0) rows.push({ route, functions });
    }
    return rows;
  }

  #expressRoute(request, route) {
    let names = this.#known.get(route);
    if (!names) this.#known.set(route, (names = []));
    const { method, baseUrl } = request;
    for (const name of names) {
      if (name.method === method && name.baseUrl === baseUrl) return name.number;
    }
    return this.#nameRoute(request, route, names);
  }

  #nameRoute(request, route, names) {
    const mount = mountOf(request, route);
    const own = route.path === '/' && mount !== '' ? '' : patternOf(route.path);
    const number = this.#table.route(`${request.method} ${mount}${own}`);
    if (names.length < MAX_MOUNTS) names.push({ method: request.method, baseUrl: request.baseUrl, number });
    if (number !== 0) this.#remember(this.#table.routeName(number), handlersOf(route, String(request.method).toLowerCase()));
    return number;
  }

  #remember(name, handlers) {
    if (this.#handledCount === MAX_HANDLED_ROUTES || Object.hasOwn(this.#handled, name)) return;
    this.#handled[name] = handlers.map((handler) => new WeakRef(handler));
    this.#handledCount += 1;
  }

  /** Express without a route: a mounted function serves it, or nobody. Another server: its address. */
  #addressed(request) {
    const { method } = request;
    const url = request.originalUrl ?? request.url ?? '/';
    if (request.baseUrl) return this.#byAddress(method, url, request.baseUrl.split('/').length);
    if (request.app) return this.#table.route(`${method} (unmatched)`);
    return this.#byAddress(method, url, 1);
  }

  #byPattern(name) {
    const known = this.#patterns.get(name);
    if (known !== undefined) return known;
    const number = this.#table.route(name);
    if (this.#patterns.size < MAX_PATTERNS) this.#patterns.set(name, number);
    return number;
  }

  #byAddress(method, url, segments) {
    const name = native.urlRoute(method, url, segments);
    const known = this.#addresses.get(name);
    if (known !== undefined) return known;
    if (this.#addresses.size >= MAX_ADDRESS_NAMES) return this.#table.route(`${method} (unmatched)`);
    const number = this.#table.route(name);
    this.#addresses.set(name, number);
    return number;
  }
}

function patternOf(path) {
  return Array.isArray(path) ? path.map(String).join('|') : String(path);
}

function handlersOf(route, method) {
  const layers = Array.isArray(route?.stack) ? route.stack : [];
  return layers
    .filter((layer) => typeof layer.handle === 'function' && (!layer.method || layer.method === method))
    .slice(0, MAX_HANDLERS)
    .map((layer) => layer.handle);
}

module.exports = { Routes };

/** @typedef {{ method: string, baseUrl: string, number: number }} RouteName */
