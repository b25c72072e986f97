'use strict';
// Taken now: later somebody may track or mock timers.
const { clearInterval, setInterval } = require('node:timers');
const { InspectorSession } = require('../inspector/session.js');

/** Continuous profilers take 512 kB, for good; between two snapshots a small leak can do without one sample then. See docs/overhead.md. */
const SAMPLING_INTERVAL_BYTES = 128 * 1024;
const LOOK_MS = 1000;

/**
 * Has V8 note where a sample of the objects is allocated, while a proof is under way: the stacks of those alive in the end lead to
 * the routes that leak. Whoever else profiles or debugs comes first.
 */
class AllocationSampler {
  /** @type {InspectorSession | null} */
  #session = null;
  /** @type {NodeJS.Timeout | undefined} */
  #timer;

  /** Begins, unless it has begun, somebody debugs, or somebody else samples: their profile will do. Never throws. */
  start() {
    if (this.#session || isInspectorOpen()) return;
    try {
      this.#session = new InspectorSession();
      if (!this.#session.startSampling(SAMPLING_INTERVAL_BYTES)) return this.stop();
      this.#timer = setInterval(() => this.#look(), LOOK_MS).unref();
    } catch {
      // Node without an inspector, or a permission model that allows none: the proof goes on without.
      this.stop();
    }
  }

  /** Ends sampling and session. Never throws. */
  stop() {
    clearInterval(this.#timer);
    try {
      this.#session?.forgetConsole();
      this.#session?.end();
    } catch {
      // It has ended.
    }
    this.#session = null;
  }

  /** The session must not be what keeps the app's objects, nor be in the way of somebody who has begun to debug. */
  #look() {
    if (isInspectorOpen()) return this.stop();
    this.#session?.forgetConsole();
  }
}

/** @returns {boolean} whether somebody may be debugging */
function isInspectorOpen() {
  try {
    return require('node:inspector').url() !== undefined;
  } catch {
    return false;
  }
}

module.exports = { AllocationSampler, isInspectorOpen };
