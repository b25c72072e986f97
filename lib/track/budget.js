'use strict';
// Taken now: later somebody may track or mock timers.
const { setTimeout } = require('node:timers');
const { now } = require('./clock.js');

/** So much may be spent at once after a quiet time, and so much at least before it is closed again. */
const BURST_MS = 5;
const LEAST_MS = 1;
/** However long one look took, there is another after this. */
const LONGEST_REST_MS = 1000;

/**
 * A share of this thread's time that may go into looking. What comes when it is spent is not looked at, so that what is
 * made a hundred thousand times a second is sampled, and what is made now and then is all seen. While it is closed,
 * asking costs no look at a clock: a timer opens it again.
 */
class Budget {
  /** Whether there is time to look. */
  isOpen = true;
  #share;
  #leftMs = BURST_MS;
  #last = now();

  /** @param {number} share of the time, 0 to 1; 1 is no limit */
  constructor(share) {
    this.#share = share;
  }

  /**
   * Looks, whatever it costs: that is then missing.
   * @param {() => void} look
   */
  spend(look) {
    if (this.#share === 1) return look();
    const start = now();
    this.#leftMs = Math.min(BURST_MS, this.#leftMs + (start - this.#last) * this.#share);
    this.#last = start;
    look();
    this.#leftMs -= now() - start;
    if (this.#leftMs <= 0) this.#close();
  }

  #close() {
    this.isOpen = false;
    const restMs = Math.min(LONGEST_REST_MS, (LEAST_MS - this.#leftMs) / this.#share);
    setTimeout(() => this.#open(), restMs).unref();
  }

  #open() {
    this.isOpen = true;
    this.#leftMs = LEAST_MS;
    this.#last = now();
  }
}

module.exports = { Budget };
