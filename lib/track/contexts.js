'use strict';
const { AsyncLocalStorage } = require('node:async_hooks');
const native = require('../native.js');

const unknown = native.functionNamed('(unknown)');

/**
 * What runs because of one request carries this: a promise, a timer or a callback that keeps the context of a request
 * keeps its marker. It holds nothing of the request, so that it is never the leak, nor makes one worse.
 *
 * `route` is a function called what the route is called: names of functions can be read in heap snapshots, redacted
 * ones too.
 */
class LeakWatchRequest {
  route = unknown;
  /** The request's number, once it has created something that is followed while its route is unknown. */
  id = 0;
  /** While it is served and followed: how to ask it for its route. @type {WeakRef<any> | null} */
  request = null;
  /** The route's number, once it is known. @type {number | undefined} */
  number = undefined;
}

/** The one AsyncLocalStorage of a tracker, and the markers in it. */
class Contexts {
  #storage = new AsyncLocalStorage();
  #nameOf;
  /** By the route's number, of which the native table has a limit. @type {(() => void)[]} */
  #functions = [];

  /** @param {(route: number) => string} nameOf */
  constructor(nameOf) {
    this.#nameOf = nameOf;
  }

  /** The marker of the request that the running code serves. @returns {LeakWatchRequest | undefined} */
  get current() {
    return this.#storage.getStore();
  }

  /** A marker for a request that begins. */
  create() {
    return new LeakWatchRequest();
  }

  /**
   * Calls a method in the context of a request.
   * @param {LeakWatchRequest} marker
   * @param {Function} method
   * @param {object} self
   * @param {ArrayLike<any>} args
   */
  run(marker, method, self, args) {
    return this.#storage.run(marker, Reflect.apply, method, self, args);
  }

  /**
   * The route of a request is known, and nothing else of it is of interest any more.
   * @param {LeakWatchRequest} marker
   * @param {number} route
   */
  settle(marker, route) {
    marker.number = route;
    marker.route = this.#functionOf(route);
    marker.request = null;
  }

  /** Nobody wants contexts now; before Node 24 keeping them costs all asynchronous code something. */
  disable() {
    this.#storage.disable();
  }

  #functionOf(route) {
    return (this.#functions[route] ??= native.functionNamed(this.#nameOf(route)));
  }
}

/** Whether contexts cost only the requests that have one: Node keeps them in frames (24 and later), not by hooks. */
function areContextsCheap() {
  return !('_enable' in AsyncLocalStorage.prototype);
}

module.exports = { Contexts, LeakWatchRequest, areContextsCheap };
