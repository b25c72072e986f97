'use strict';
const { harmless } = require('./patch.js');

/** Not of a handle that is closed, to which Node gives an `onread` that does nothing. */
const isOnTop = (reading) => reading !== undefined && reading.handle.onread === reading.wrapper;

const takeOut = harmless((reading) => {
  if (isOnTop(reading)) reading.handle.onread = reading.original;
});

/**
 * Connections that became something else, such as WebSockets. Node runs what they receive in the context of the
 * connection, which is older than the request: each is given the context of the request that upgraded it. Node calls `onread`
 * of a connection's handle with what has come, and that is wrapped. A method of the socket's own would make sockets of another
 * shape, and V8 then serves all connections of the process more slowly: by a tenth beside 5,000 WebSockets on Node 24.
 */
class Upgrades {
  #contexts;
  #active = true;
  /** So that the wrappers can be taken out. @type {Set<WeakRef<Reading>>} */
  #open = new Set();

  /** @param {import('./contexts.js').Contexts} contexts */
  constructor(contexts) {
    this.#contexts = contexts;
  }

  /**
   * From now on what the connection receives is served with the marker.
   * @param {any} socket
   * @param {import('./contexts.js').LeakWatchRequest} marker
   */
  serve(socket, marker) {
    const handle = socket._handle;
    const original = handle?.onread;
    if (typeof original !== 'function') return; // no connection of Node's
    const reading = { handle, original, wrapper: original };
    handle.onread = reading.wrapper = this.#wrap(reading, marker);
    this.#open.add(new WeakRef(reading));
  }

  /** How many can be taken out. */
  get size() {
    return this.#open.size;
  }

  /** Forgets what is closed; what somebody else has wrapped takes itself out once it is on top again. */
  sweep() {
    for (const ref of this.#open) if (!isOnTop(ref.deref())) this.#open.delete(ref);
  }

  /** Where somebody has wrapped the wrapper it stays until its next call on top. */
  stop() {
    this.#active = false;
    for (const ref of this.#open) takeOut(ref.deref());
    this.#open.clear();
  }

  /** The wrapper alone holds what is known of it, and the handle the wrapper. */
  #wrap(reading, marker) {
    const upgrades = this;
    return {
      onread(...args) {
        if (upgrades.#active) return upgrades.#contexts.run(marker, reading.original, this, args);
        takeOut(reading);
        return Reflect.apply(reading.original, this, args);
      },
    }.onread;
  }
}

module.exports = { Upgrades };

/**
 * @typedef {object} Reading
 * @property {any} handle of a connection
 * @property {Function} original its `onread`
 * @property {Function} wrapper
 */
