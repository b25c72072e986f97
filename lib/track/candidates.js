'use strict';

const MAX_CANDIDATES = 4096;

/**
 * What may be garbage already: it counts once it has lived through some major collections. At most 4096 wait.
 * @template {object} T
 */
class Candidates {
  #collections;
  #check;
  #now = 0;
  /** @type {{ candidate: T, since: number }[]} oldest first */
  #waiting = [];

  /**
   * @param {number} collections how many; 0 where the caller forces them before it looks
   * @param {(candidate: T) => void} check called when they are over
   */
  constructor(collections, check) {
    this.#collections = collections;
    this.#check = check;
  }

  /** @param {T} candidate which must hold its subject weakly */
  offer(candidate) {
    if (this.#collections === 0) this.#check(candidate);
    else if (this.#waiting.length < MAX_CANDIDATES) this.#waiting.push({ candidate, since: this.#now });
  }

  /** A major collection has ended. */
  collected() {
    this.#now += 1;
    const young = this.#waiting.findIndex(({ since }) => since > this.#now - this.#collections);
    for (const { candidate } of this.#waiting.splice(0, young === -1 ? Infinity : young)) this.#check(candidate);
  }

  clear() {
    this.#waiting = [];
  }
}

module.exports = { Candidates };
