'use strict';
const { disguise, install } = require('./patch.js');

/**
 * Connections that became something else, such as WebSockets. Node runs what they receive in the context of the
 * connection, which is older than the request: each is given the context of the request that upgraded it. There may be
 * very many, so all share one wrapper of `emit`.
 */
class Upgrades {
  #contexts;
  #active = true;
  /** @type {WeakMap<object, { marker: import('./contexts.js').LeakWatchRequest, restore: () => boolean }>} */
  #served = new WeakMap();
  /** Open ones. @type {Set<WeakRef<any>>} */
  #open = new Set();
  /** By what they wrap, which is the same for all connections but those that somebody else has wrapped. @type {WeakMap<Function, Function>} */
  #wrappers = new WeakMap();

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
    if (this.#served.has(socket)) return;
    this.#served.set(socket, { marker, restore: install(socket, 'emit', this.#wrapperOf(socket.emit)) });
    this.#open.add(new WeakRef(socket));
  }

  sweep() {
    for (const ref of this.#open) {
      const socket = ref.deref();
      if (socket === undefined || socket.destroyed) this.#open.delete(ref);
    }
  }

  /** Where somebody has wrapped the wrapper it stays until its next call on top. */
  stop() {
    this.#active = false;
    for (const ref of this.#open) this.#served.get(ref.deref())?.restore();
    this.#open.clear();
  }

  #wrapperOf(original) {
    const known = this.#wrappers.get(original);
    if (known) return known;
    const wrapper = disguise(this.#wrap(original), original);
    this.#wrappers.set(original, wrapper);
    return wrapper;
  }

  #wrap(original) {
    const upgrades = this;
    return {
      wrapper(...args) {
        const served = upgrades.#served.get(this);
        if (served && upgrades.#active) return upgrades.#contexts.run(served.marker, original, this, args);
        served?.restore();
        return Reflect.apply(original, this, args);
      },
    }.wrapper;
  }
}

module.exports = { Upgrades };
