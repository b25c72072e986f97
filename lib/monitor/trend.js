'use strict';

/** Values in each of the three windows that are compared. */
const WINDOW = 4;
/** Fewer than this many more is no reason to look closer. */
const LEAST_GROWTH = 12;
/** Windows of 4, 16, 64 and 256 readings: 20 seconds to 21 minutes, by default. */
const SCALES = 4;

/**
 * A cheap reason to look closer, not a verdict: a count whose lowest value in each of three windows lies above
 * everything in the window before. Load that comes and goes does not do that; what is never let go does. A slow leak
 * does it only in long windows: the lowest value of each window is a value of the next longer scale.
 */
class Trend {
  /** @type {number[]} */
  #values = [];
  #pushed = 0;
  #scales;
  /** @type {Trend | undefined} */
  #longer;

  /** @param {number} [scales] this one and the longer ones */
  constructor(scales = SCALES) {
    this.#scales = scales;
  }

  /** @param {number} value */
  push(value) {
    this.#values.push(value);
    if (this.#values.length > 3 * WINDOW) this.#values.shift();
    this.#pushed += 1;
    if (this.#pushed % WINDOW !== 0 || this.#scales === 1) return;
    this.#longer ??= new Trend(this.#scales - 1);
    this.#longer.push(Math.min(...this.#values.slice(-WINDOW)));
  }

  /** @returns {boolean} */
  get grows() {
    return this.#climbs() || (this.#longer?.grows ?? false);
  }

  #climbs() {
    if (this.#values.length < 3 * WINDOW) return false;
    const [first, second, third] = [0, 1, 2].map((n) => this.#values.slice(n * WINDOW, (n + 1) * WINDOW));
    const climbs = Math.min(...second) > Math.max(...first) && Math.min(...third) > Math.max(...second);
    return climbs && Math.min(...third) - Math.max(...first) >= LEAST_GROWTH;
  }
}

module.exports = { Trend };
