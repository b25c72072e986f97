'use strict';

/**
 * The newest values, oldest first.
 * @template T
 */
class Ring {
  #capacity;
  /** @type {T[]} */
  #values = [];

  /** @param {number} capacity */
  constructor(capacity) {
    this.#capacity = capacity;
  }

  /** @param {T} value */
  push(value) {
    this.#values.push(value);
    // Thrown away in blocks: one at a time would move the whole array for each value.
    if (this.#values.length >= 2 * this.#capacity) this.#values = this.values();
  }

  /** @returns {T[]} */
  values() {
    return this.#values.slice(-this.#capacity);
  }

  /** @returns {T | undefined} the newest */
  last() {
    return this.#values.at(-1);
  }
}

module.exports = { Ring };
