'use strict';
const { harmless } = require('./patch.js');

/** Followed at once; what has no place is not. */
const MAX_OPEN = 65_536;

/**
 * Responses under way to requests that are looked at. Node tells when one is closed, whether it was finished or cut off. One
 * that nobody ever closes is forgotten with the response: it is held weakly.
 */
class Responses {
  /** By response. @type {WeakMap<object, { ref: WeakRef<any>, look: Look }>} */
  #watched = new WeakMap();
  /** Open ones, so that the listeners can be taken out. @type {Set<WeakRef<any>>} */
  #open = new Set();
  #onClose;
  /** Not every response that a server is given by hand can all that Node's can. */
  #takeOut = harmless((response) => response.off('close', this.#onClose));

  /** @param {(response: any, look: Look) => void} onClosed told of each that is watched, once */
  constructor(onClosed) {
    const close = harmless((response) => {
      const look = this.#forget(response);
      if (look) onClosed(response, look);
    });
    /** @this {any} */
    this.#onClose = function () {
      close(this);
    };
  }

  /** How many are open. */
  get size() {
    return this.#open.size;
  }

  /**
   * @param {any} response
   * @param {Look} look
   * @returns {boolean} whether there was a place
   */
  watch(response, look) {
    if (this.size >= MAX_OPEN) return false;
    response.on('close', this.#onClose);
    const ref = new WeakRef(response);
    this.#watched.set(response, { ref, look });
    this.#open.add(ref);
    return true;
  }

  /** Forgets what is gone. */
  sweep() {
    for (const ref of this.#open) if (ref.deref() === undefined) this.#open.delete(ref);
  }

  stop() {
    for (const ref of this.#open) this.#forget(ref.deref());
    this.#open.clear();
  }

  #forget(response) {
    const watched = this.#watched.get(response);
    if (!watched) return undefined;
    this.#watched.delete(response);
    this.#open.delete(watched.ref);
    this.#takeOut(response);
    return watched.look;
  }
}

module.exports = { Responses };

/**
 * @typedef {object} Look what is known of a request
 * @property {any} request
 * @property {import('./contexts.js').LeakWatchRequest | undefined} marker of its context
 * @property {number} standsFor how many requests it counts for: itself and those that nobody looked at
 */
