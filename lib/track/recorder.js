'use strict';
const native = require('../native.js');
const { Budget } = require('./budget.js');
const { now } = require('./clock.js');
const { Sites } = require('./sites.js');

/** What all trackers of one thread share: the native table, creation sites, and who is being served. */
class Recorder {
  #sites;
  #stacks;
  #owner;
  #dropped = 0;
  #budget;

  /**
   * @param {{ stacks: boolean, share?: number, owner?: () => number | null }} options `share`: of the time, for
   *   what is made very often. `owner`: the request being served: a route's
   *   number, or minus the request's number while the route is unknown
   */
  constructor({ stacks, share = 1, owner = () => null }) {
    this.table = new native.TrackTable();
    this.#sites = new Sites(this.table);
    this.#stacks = stacks;
    this.#budget = new Budget(share);
    this.#owner = owner;
  }

  /** The number of the current stack; 0 when stacks are off. */
  site() {
    return this.#stacks ? this.#sites.here() : 0;
  }

  /** Who is being served now. */
  owner() {
    return this.#owner();
  }

  /** Milliseconds on the clock of all ages. */
  now() {
    return now();
  }

  /**
   * Records what is made very often, unless too much time went into that already.
   * @param {() => void} record
   */
  sample(record) {
    if (this.hasTime()) this.#budget.spend(record);
  }

  /** Whether there is time to record what is made very often; when there is none, one more counts as dropped. */
  hasTime() {
    if (this.#budget.isOpen) return true;
    this.drop();
    return false;
  }

  /** Something was not followed: a list on this side is full, or its time is spent. */
  drop() {
    this.#dropped += 1;
  }

  /** What had no place. @returns {{ entries: number, sites: number, routes: number }} */
  dropped() {
    const { entries, ...others } = JSON.parse(this.table.dropped());
    return { entries: entries + this.#dropped, ...others };
  }

  /**
   * Records a new resource that the current stack and request created.
   * @param {string} kind
   * @param {string} name
   * @param {{ holder?: string, site?: number, delayMs?: number, owner?: number | null, createdMs?: number }} [details]
   * @returns {number} its number in the table, 0 when there was no place
   */
  add(kind, name, { holder, site = this.site(), delayMs, owner = this.owner(), createdMs = this.now() } = {}) {
    return this.table.add(kind, name, holder, site, delayMs, owner, createdMs);
  }
}

module.exports = { Recorder };
