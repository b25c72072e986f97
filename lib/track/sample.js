'use strict';
const { now } = require('./clock.js');

/** From how many milliseconds it can be told how many come. */
const TELLING = 1000;
/** How often a second it adapts while more come than it may take: what comes after a rest is soon known for what it is. */
const ADAPTS_PER_SECOND = 10;

/**
 * Takes all while no more than so many come in a second, and of more some at random, about as many a second as it may. How many are
 * passed over next is drawn beforehand: to ask the clock each time costs more than what is saved.
 */
class Sample {
  /** About how many a second it takes of more than it takes all of: from when it adapts next. */
  ofMore;
  #upTo;
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
   * @param {number} upTo how many a second it takes all of
   * @param {number} [ofMore]
   * @param {() => number} [clock] milliseconds
   */
  constructor(upTo, ofMore = upTo, clock = now) {
    this.#upTo = upTo;
    this.ofMore = ofMore;
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
    if (this.#taken >= (this.#oneIn > 1 ? this.ofMore / ADAPTS_PER_SECOND : this.#upTo)) this.#adapt(this.#clock());
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
    const perSecond = ((this.seen - this.#seenThen) * 1000) / Math.max(at - this.#since, 1);
    this.#oneIn = perSecond > this.#upTo ? Math.max(1, perSecond / this.ofMore) : 1;
    this.#seenThen = this.seen;
    this.#taken = 0;
    this.#since = at;
  }
}

module.exports = { Sample };
