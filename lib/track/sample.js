'use strict';
const { now } = require('./clock.js');

/** From how many milliseconds it can be told how many come. */
const TELLING = 1000;

/**
 * Takes some of many at random, about as many a second as it may, and all while there are no more than that. How many are passed
 * over next is drawn beforehand: to ask the clock each time costs more than what is saved.
 */
class Sample {
  #perSecond;
  #clock;
  /** One in so many is taken. */
  #oneIn = 1;
  #passing = 0;
  /** Since it adapted last. */
  #seen = 0;
  #taken = 0;
  #since;

  /**
   * @param {number} perSecond
   * @param {() => number} [clock] milliseconds
   */
  constructor(perSecond, clock = now) {
    this.#perSecond = perSecond;
    this.#clock = clock;
    this.#since = clock();
  }

  /** Whether the one that is there now is taken. */
  take() {
    this.#seen += 1;
    if (this.#passing > 0) {
      this.#passing -= 1;
      return false;
    }
    this.#taken += 1;
    if (this.#taken >= this.#perSecond) this.#adapt(this.#clock());
    this.#passing = Math.floor(Math.random() * (2 * this.#oneIn - 1)); // one less than `oneIn` on average
    return true;
  }

  /** To be called now and then: fewer may come than did. */
  refresh() {
    const at = this.#clock();
    if (at - this.#since < TELLING) return;
    this.#adapt(at);
    this.#passing = 0;
  }

  #adapt(at) {
    const seconds = Math.max(at - this.#since, 1) / 1000;
    this.#oneIn = Math.max(1, this.#seen / (seconds * this.#perSecond));
    this.#seen = 0;
    this.#taken = 0;
    this.#since = at;
  }
}

module.exports = { Sample };
