'use strict';
const fs = require('node:fs');
const { takeSnapshot } = require('../capture.js');
const { now } = require('../track/clock.js');
const { collect, settle } = require('./collect.js');
const { Collections } = require('./collections.js');
const { Inspection } = require('./inspection.js');

/** The heap of one thread, and what a test asks of it. */
class Heap {
  #inspection;
  #collections;
  #sweep;
  /** When the app went on after the last snapshot; before the first, when this was made. */
  #resumedAt = now();

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
    const elapsedMs = now() - this.#resumedAt;
    // Inline, so that all of them share object ids; values have no say in what leaks.
    await takeSnapshot({ path, mode: 'inline', redact: true });
    const counted = this.#collections.count();
    this.#resumedAt = now();
    return { elapsedMs, counted };
  }
}

module.exports = { Heap };
