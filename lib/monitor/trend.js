'use strict';

/** Values in each of the three windows that are compared. */
const WINDOW = 4;
/** Fewer than this many more is no reason to look closer. */
const LEAST_GROWTH = 12;

/**
 * A cheap reason to look closer, not a verdict: a count whose lowest value in each of three windows lies above
 * everything in the window before. Load that comes and goes does not do that; what is never let go does.
 */
class Trend {
  /** @type {number[]} */
  #values = [];

  /** @param {number} value */
  push(value) {
    this.#values.push(value);
    if (this.#values.length > 3 * WINDOW) this.#values.shift();
  }

  /** @returns {boolean} */
  get grows() {
    if (this.#values.length < 3 * WINDOW) return false;
    const [first, second, third] = [0, 1, 2].map((n) => this.#values.slice(n * WINDOW, (n + 1) * WINDOW));
    const climbs = Math.min(...second) > Math.max(...first) && Math.min(...third) > Math.max(...second);
    return climbs && Math.min(...third) - Math.max(...first) >= LEAST_GROWTH;
  }
}

module.exports = { Trend };
