'use strict';
const { now } = require('./clock.js');

/** So much may be spent at once after a quiet time. */
const BURST_MS = 20;

/**
 * A share of this thread's time that may go into looking. What comes when it is spent is not looked at, so that what is
 * made a hundred thousand times a second is sampled, and what is made now and then is all seen.
 */
class Budget {
  #share;
  #leftMs = BURST_MS;
  #last = now();

  /** @param {number} share of the time, 0 to 1; 1 is no limit */
  constructor(share) {
    this.#share = share;
  }

  /**
   * Looks, unless the time for it is spent.
   * @param {() => void} look
   * @returns {boolean} whether it looked
   */
  spend(look) {
    if (this.#share === 1) {
      look();
      return true;
    }
    const start = now();
    this.#leftMs = Math.min(BURST_MS, this.#leftMs + (start - this.#last) * this.#share);
    this.#last = start;
    if (this.#leftMs <= 0) return false;
    look();
    this.#leftMs -= now() - start;
    return true;
  }
}

module.exports = { Budget };
