'use strict';
const { Ledger } = require('./ledger.js');

const MAX_CANDIDATES = 4096;

/**
 * What outlives its response: requests, and contexts, which promises, timers and callbacks keep. A sample of the
 * requests is enough, because a route that leaks leaks again.
 */
class Survivors {
  #recorder;
  #ledger;
  #options;
  #second = 0;
  #taken = 0;
  #collections = 0;
  /** @type {Candidate[]} */
  #candidates = [];

  /**
   * @param {import('./recorder.js').Recorder} recorder
   * @param {{ samplesPerSecond: number, collections: number }} options `collections`: a request that lives through so
   *   many major collections after its response is a survivor
   */
  constructor(recorder, options) {
    this.#recorder = recorder;
    this.#options = options;
    this.#ledger = new Ledger(recorder.table, () => true);
  }

  /**
   * A response is over; when it is in the sample, what belongs to it must be gone some collections later.
   * @param {object} request
   * @param {object | undefined} marker of its context
   * @param {{ route: number, aborted: boolean }} end
   */
  offer(request, marker, { route, aborted }) {
    const endedMs = this.#recorder.now();
    const second = Math.floor(endedMs / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#taken = 0;
    }
    if (this.#taken >= this.#options.samplesPerSecond) return;
    this.#taken += 1;
    const candidate = { request: new WeakRef(request), marker: marker && new WeakRef(marker), route, aborted, endedMs, collections: this.#collections };
    if (this.#options.collections === 0) this.#check(candidate);
    else if (this.#candidates.length < MAX_CANDIDATES) this.#candidates.push(candidate);
  }

  /** A major collection has ended. */
  collected() {
    this.#collections += 1;
    const young = this.#candidates.findIndex(({ collections }) => collections > this.#collections - this.#options.collections);
    for (const candidate of this.#candidates.splice(0, young === -1 ? Infinity : young)) this.#check(candidate);
  }

  sweep() {
    this.#ledger.sweep();
  }

  clear() {
    this.#candidates = [];
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

/** @typedef {{ request: WeakRef<object>, marker: WeakRef<object> | undefined, route: number, aborted: boolean, endedMs: number, collections: number }} Candidate */
