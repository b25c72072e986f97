'use strict';
const { patch } = require('./patch.js');

/**
 * Connections that became something else, such as WebSockets. Node runs what they receive in the context of the
 * connection, which is older than the request: each is given the context of the request that upgraded it.
 */
class Upgrades {
  #contexts;
  /** @type {Set<WeakRef<any>>} */
  #open = new Set();
  /** @type {WeakMap<object, () => void>} */
  #undo = new WeakMap();

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
    if (this.#undo.has(socket)) return;
    const contexts = this.#contexts;
    this.#open.add(new WeakRef(socket));
    this.#undo.set(socket, patch(socket, 'emit', (original, state) => {
      return {
        wrapper(...args) {
          return state.active ? contexts.run(marker, original, this, args) : Reflect.apply(original, this, args);
        },
      }.wrapper;
    }));
  }

  sweep() {
    for (const ref of this.#open) {
      const socket = ref.deref();
      if (socket === undefined || socket.destroyed) this.#open.delete(ref);
    }
  }

  stop() {
    for (const ref of this.#open) this.#undo.get(ref.deref())?.();
    this.#open.clear();
  }
}

module.exports = { Upgrades };
