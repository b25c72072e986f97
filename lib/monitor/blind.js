'use strict';
const { countActive, untracked } = require('./active.js');

/** Stands in for the monitor where the native part cannot be loaded: it measures nothing and says why. */
class BlindMonitor {
  #reason;

  /** @param {string} reason */
  constructor(reason) {
    this.#reason = reason;
  }

  start() {
    return [this.#reason];
  }

  stop() {}

  checkpoint() {}

  resources() {
    return untracked(countActive(), [], []);
  }

  async report() {
    const { pid, version: nodeVersion, argv } = process;
    const { heapUsed, heapTotal, arrayBuffers, external, rss } = process.memoryUsage();
    return {
      version: 1,
      verdict: 'undecided',
      summary: `Nothing was measured. ${this.#reason}`,
      process: { pid, nodeVersion, entry: argv[1] ?? '', requests: 0 },
      memory: {
        heap: heapUsed,
        arrayBuffers,
        external: external - arrayBuffers,
        nativeOther: Math.max(0, rss - heapTotal - external),
        fragmentation: heapTotal - heapUsed,
        rss,
        limit: null,
        timeToLimitSeconds: null,
      },
      suspects: [],
      routes: [],
      resources: [],
      checkpoints: [],
      evidence: [],
      dropped: null,
      cost: null,
    };
  }
}

module.exports = { BlindMonitor };
