'use strict';
const fs = require('node:fs');
const { takeSnapshot } = require('../capture.js');
const { collect, settle } = require('./collect.js');
const { Collections } = require('./collections.js');
const { Inspection } = require('./inspection.js');

/** The heap of one thread, and what a test asks of it. */
class Heap {
  #inspection;
  #collections;
  #sweep;
  /** When the last snapshot was there. */
  #capturedAt = 0;

  /**
   * @param {Inspection} [inspection] of this thread
   * @param {() => void} [sweep] makes leakwatch's own tables let go of what has gone
   */
  constructor(inspection = new Inspection(), sweep = () => {}) {
    this.#inspection = inspection;
    this.#collections = new Collections(inspection);
    this.#sweep = sweep;
  }

  /** Leaves what is held, and nothing else. */
  async tidy() {
    await settle();
    this.#inspection.forgetConsole();
    await collect();
    // What the tables let go must not count as the app's.
    this.#sweep();
    await collect();
  }

  startAllocationProfile() {
    return this.#inspection.startAllocationProfile();
  }

  /** @returns {boolean} whether there was one */
  writeAllocationProfile({ path }) {
    const profile = this.#inspection.allocationProfile();
    if (profile) fs.writeFileSync(path, JSON.stringify(profile), { mode: 0o600 });
    return Boolean(profile);
  }

  /** @returns {Promise<{ elapsedMs: number, counted: { id: number, count: number }[] }>} `elapsedMs`: that the app ran since the last one */
  async snapshot({ path }) {
    await this.tidy();
    const elapsedMs = performance.now() - this.#capturedAt;
    // Inline, so that all of them share object ids; values have no say in what leaks.
    await takeSnapshot({ path, mode: 'inline', redact: true });
    this.#capturedAt = performance.now();
    return { elapsedMs, counted: this.#collections.count() };
  }
}

module.exports = { Heap };
