'use strict';
const diagnostics = require('node:diagnostics_channel');
const { Ledger } = require('./ledger.js');

const FINISHED = 'http.server.response.finish';
/** A request that lives through so many major collections after its response is a survivor. */
const COLLECTIONS = 2;
const MAX_CANDIDATES = 4096;

/**
 * Requests per route for next to nothing: what Node tells when a response is finished, and a sample of the requests
 * looked at again later, because a route that leaks leaks again.
 * @param {import('./recorder.js').Recorder} recorder
 * @param {import('./routes.js').Routes} routes
 * @param {number} samplesPerSecond 0 for none
 */
function countTraffic(recorder, routes, samplesPerSecond) {
  const survivors = new Survivors(recorder, samplesPerSecond);
  const finished = (/** @type {any} */ { request }) => {
    try {
      const route = routes.served(request);
      routes.count(route);
      survivors.offer(request, route);
    } catch {
      // The application comes first.
    }
  };
  diagnostics.subscribe(FINISHED, finished);
  return {
    sweep: () => survivors.sweep(),
    collected: () => survivors.collected(),
    stop() {
      diagnostics.unsubscribe(FINISHED, finished);
      survivors.clear();
    },
  };
}

/** Requests that outlive their response. */
class Survivors {
  #recorder;
  #ledger;
  #samplesPerSecond;
  #second = 0;
  #taken = 0;
  #collections = 0;
  /** @type {{ request: WeakRef<object>, route: number, endedMs: number, collections: number }[]} */
  #candidates = [];

  constructor(recorder, samplesPerSecond) {
    this.#recorder = recorder;
    this.#samplesPerSecond = samplesPerSecond;
    this.#ledger = new Ledger(recorder.table, () => true);
  }

  /** A response is finished; when it is in the sample, its request must be gone some collections later. */
  offer(request, route) {
    const now = this.#recorder.now();
    const second = Math.floor(now / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#taken = 0;
    }
    if (this.#taken >= this.#samplesPerSecond || this.#candidates.length >= MAX_CANDIDATES) return;
    this.#taken += 1;
    this.#candidates.push({ request: new WeakRef(request), route, endedMs: now, collections: this.#collections });
  }

  /** A major collection has ended. */
  collected() {
    this.#collections += 1;
    const young = this.#candidates.findIndex(({ collections }) => collections > this.#collections - COLLECTIONS);
    for (const { request, route, endedMs } of this.#candidates.splice(0, young === -1 ? Infinity : young)) {
      const survivor = request.deref();
      if (survivor) this.#ledger.add(survivor, this.#record(route, endedMs));
    }
  }

  sweep() {
    this.#ledger.sweep();
  }

  clear() {
    this.#candidates = [];
    this.#ledger.clear();
  }

  #record(owner, createdMs) {
    return this.#recorder.add('request', 'IncomingMessage', { site: 0, owner, createdMs });
  }
}

module.exports = { countTraffic };
