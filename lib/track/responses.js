'use strict';
const { EventEmitter } = require('node:events');
const { harmless } = require('./patch.js');

/** Taken now: a watch takes note of emitters whose limit somebody raises. */
const { getMaxListeners, setMaxListeners } = EventEmitter.prototype;

/** Followed at once; what has no place is not. */
const MAX_OPEN = 65_536;

/** Node warns of as many listeners of the application's as it does without ours. */
const makeRoom = harmless((response, listeners) => {
  const limit = getMaxListeners.call(response);
  if (limit > 0 && limit + listeners > 0) setMaxListeners.call(response, limit + listeners);
});

/** Not every response that a server is given by hand can all that Node's can. */
const takeOut = harmless((underWay) => {
  if (!underWay) return;
  underWay.response.off('close', underWay.onClose);
  makeRoom(underWay.response, -1);
});

/**
 * Responses under way to requests that are looked at. Node tells when one is closed, whether it was finished or cut off. One
 * that nobody ever closes is forgotten with the response, which alone holds what is known of it. (In a WeakMap by response it
 * would be as well, and a look cost nearly twice as much.)
 */
class Responses {
  /** So that the listeners can be taken out. @type {Set<WeakRef<UnderWay>>} */
  #open = new Set();
  #tell;

  /** @param {(response: any, look: Look) => void} onClosed told of each that is watched, once */
  constructor(onClosed) {
    this.#tell = harmless(onClosed);
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
    const underWay = { response, onClose: () => this.#close(ref, underWay, look) };
    const ref = new WeakRef(underWay);
    makeRoom(response, 1);
    response.on('close', underWay.onClose);
    this.#open.add(ref);
    return true;
  }

  /** Forgets what is gone. */
  sweep() {
    for (const ref of this.#open) if (ref.deref() === undefined) this.#open.delete(ref);
  }

  stop() {
    for (const ref of this.#open) takeOut(ref.deref());
    this.#open.clear();
  }

  #close(ref, underWay, look) {
    if (!this.#open.delete(ref)) return;
    takeOut(underWay);
    this.#tell(underWay.response, look);
  }
}

module.exports = { Responses };

/**
 * @typedef {object} UnderWay
 * @property {any} response
 * @property {() => void} onClose its listener
 */
/**
 * @typedef {object} Look what is known of a request
 * @property {any} request
 * @property {import('./contexts.js').LeakWatchRequest | undefined} marker of its context
 * @property {number} standsFor how many requests it counts for: itself and those that nobody looked at
 */
