'use strict';
const { Candidates } = require('./candidates.js');
const { Ledger } = require('./ledger.js');

/** Once a second's sample is taken, so many responses pass before the clock is asked again: it costs more than all the rest. */
const PASSING = 8;

/**
 * What outlives its response: requests, and contexts, which promises, timers and callbacks keep. A sample of the
 * requests is enough, because a route that leaks leaks again.
 */
class Survivors {
  #recorder;
  #ledger;
  #samplesPerSecond;
  #second = 0;
  #taken = 0;
  #passing = 0;
  /** @type {Candidates<Ended>} */
  #candidates;

  /**
   * @param {import('./recorder.js').Recorder} recorder
   * @param {{ samplesPerSecond: number, collections: number }} options `collections`: a request that lives through so
   *   many major collections after its response is a survivor
   */
  constructor(recorder, { samplesPerSecond, collections }) {
    this.#recorder = recorder;
    this.#samplesPerSecond = samplesPerSecond;
    this.#ledger = new Ledger(recorder.table, () => true);
    this.#candidates = new Candidates(collections, (ended) => this.#check(ended));
  }

  /**
   * A response is over; when it is in the sample, what belongs to it must be gone some collections later.
   * @param {object} request
   * @param {object | undefined} marker of its context
   * @param {number} route
   * @param {boolean} aborted
   */
  offer(request, marker, route, aborted) {
    if (this.#passing > 0) {
      this.#passing -= 1;
      return;
    }
    const endedMs = this.#recorder.now();
    const second = Math.floor(endedMs / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#taken = 0;
    }
    if (this.#taken >= this.#samplesPerSecond) {
      this.#passing = PASSING;
      return;
    }
    this.#taken += 1;
    this.#candidates.offer({ request: new WeakRef(request), marker: marker && new WeakRef(marker), route, aborted, endedMs });
  }

  /** A major collection has ended. */
  collected() {
    this.#candidates.collected();
  }

  sweep() {
    this.#ledger.sweep();
  }

  clear() {
    this.#candidates.clear();
    this.#ledger.clear();
  }

  #check({ request, marker, route, aborted, endedMs }) {
    const made = { site: 0, owner: route, createdMs: endedMs };
    const suffix = aborted ? ' (aborted)' : '';
    const keep = (subject, kind, name) => subject && this.#ledger.add(subject, this.#recorder.add(kind, name + suffix, made));
    keep(request.deref(), 'request', 'IncomingMessage');
    keep(marker?.deref(), 'context', 'LeakWatchRequest');
  }
}

module.exports = { Survivors };

/** @typedef {{ request: WeakRef<object>, marker: WeakRef<object> | undefined, route: number, aborted: boolean, endedMs: number }} Ended */
