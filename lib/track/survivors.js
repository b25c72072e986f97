'use strict';
const { Candidates } = require('./candidates.js');
const { Ledger } = require('./ledger.js');

/** Alive as long as its request, and holds nothing. */
class Pulse {}

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
  /**
   * Of the requests in the sample. V8's minor collections keep what a WeakRef refers to, so that one to each of these requests
   * would keep them and all that they hold until the next major collection. What a WeakMap has as its key they don't.
   * @type {WeakMap<object, Pulse>}
   */
  #pulses = new WeakMap();
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
    const endedMs = this.#recorder.now();
    const second = Math.floor(endedMs / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#taken = 0;
    }
    if (this.#taken >= this.#samplesPerSecond) return;
    this.#taken += 1;
    const pulse = new Pulse();
    this.#pulses.set(request, pulse);
    this.#candidates.offer({ pulse: new WeakRef(pulse), marker: marker && new WeakRef(marker), route, aborted, endedMs });
  }

  /** A major collection has ended. */
  collected() {
    this.#candidates.collected();
  }

  sweep() {
    this.#ledger.sweep();
  }

  clear() {
    this.#pulses = new WeakMap();
    this.#candidates.clear();
    this.#ledger.clear();
  }

  #check({ pulse, marker, route, aborted, endedMs }) {
    const made = { site: 0, owner: route, createdMs: endedMs };
    const suffix = aborted ? ' (aborted)' : '';
    const keep = (subject, kind, name) => subject && this.#ledger.add(subject, this.#recorder.add(kind, name + suffix, made));
    keep(pulse.deref(), 'request', 'IncomingMessage');
    keep(marker?.deref(), 'context', 'LeakWatchRequest');
  }
}

module.exports = { Survivors };

/** @typedef {{ pulse: WeakRef<Pulse>, marker: WeakRef<object> | undefined, route: number, aborted: boolean, endedMs: number }} Ended */
