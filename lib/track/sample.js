'use strict';
const { now } = require('./clock.js');

/** From how many milliseconds it can be told how many come. */
const TELLING = 1000;
/** How often a second it adapts while more come than it may take: what comes after a rest is soon known for what it is. */
const ADAPTS_PER_SECOND = 10;

/**
 * Takes some of many at random, about as many a second as it may, and all while there are no more than that. How many are passed
 * over next is drawn beforehand: to ask the clock each time costs more than what is saved.
 */
class Sample {
  #perSecond;
  #clock;
  /** One in so many is taken. */
  #oneIn = 1;
  /** To be passed over before the next is taken: drawn, and left. */
  #drawn = 0;
  #left = 0;
  /** Up to the last that was taken. */
  #settled = 0;
  /** Since it adapted last. */
  #taken = 0;
  #seenThen = 0;
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

  /** How many have come. */
  get seen() {
    return this.#settled + this.#drawn - this.#left;
  }

  /** Whether the one that is there now is passed over. If not, it has to be taken. */
  passes() {
    if (this.#left === 0) return false;
    this.#left -= 1;
    return true;
  }

  /**
   * Takes the one that is there now, or passes it over.
   * @returns {number} how many it stands for, itself and those that were passed over before; 0 when it is passed over
   */
  take() {
    if (this.passes()) return 0;
    const standsFor = this.#drawn + 1;
    this.#settled += standsFor;
    this.#drawn = 0;
    this.#taken += 1;
    if (this.#taken >= (this.#oneIn > 1 ? this.#perSecond / ADAPTS_PER_SECOND : this.#perSecond)) this.#adapt(this.#clock());
    this.#left = this.#drawn = Math.floor(Math.random() * (2 * this.#oneIn - 1)); // one less than `oneIn` on average
    return standsFor;
  }

  /** To be called now and then: fewer may come than did. */
  refresh() {
    const at = this.#clock();
    if (at - this.#since < TELLING) return;
    this.#adapt(at);
    this.#drawn -= this.#left;
    this.#left = 0;
  }

  #adapt(at) {
    const seconds = Math.max(at - this.#since, 1) / 1000;
    this.#oneIn = Math.max(1, (this.seen - this.#seenThen) / (seconds * this.#perSecond));
    this.#seenThen = this.seen;
    this.#taken = 0;
    this.#since = at;
  }
}

module.exports = { Sample };
