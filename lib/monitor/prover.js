'use strict';
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { allocationProfile, takeSnapshot } = require('../capture.js');
const native = require('../native.js');
const { AllocationSampler, isInspectorOpen } = require('./allocations.js');

/** What a comparison needs: so many snapshots, with so much between two of them. */
const SNAPSHOTS = 3;
const APART = { requests: 200, collections: 1 };
/**
 * The time after one, as a share of the process's age then, and its bounds: a cache that fills, or a store whose
 * entries expire, has had time to level off.
 */
const APART_MS = { share: 1 / 3, leastReadings: 6, most: 10 * 60_000 };
/** Between two comparisons the process is left alone: for so many times what the snapshots took, and within bounds. */
const REST = { times: 200, leastMs: 10 * 60_000, mostMs: 6 * 3_600_000 };
/** A busy moment is no reason to give up: so many in a row are, with so many readings between two. */
const MOST_FAILURES = 5;
const RETRY_READINGS = 12;
/** Waiting longer than this for traffic means that the process is quiet: the snapshots are let go. */
const PATIENCE_MS = 6 * 3_600_000;

/**
 * The top of the ladder: when live memory keeps growing and nothing says why, three heap snapshots in forked children,
 * far enough apart, compared off the event loop. They are redacted, in a private folder, and gone afterwards. From the
 * first to the last, V8 samples allocations.
 */
class Prover {
  /** @type {any[]} suspects, as the report has them */
  suspects = [];
  /** @type {string[]} sentences on what grows and may stop by itself */
  doubts = [];
  /** Whether the last comparison found neither. */
  acquitted = false;
  #intervalMs;
  /** @type {string | null} */
  #folder = null;
  /** @type {{ path: string, requests: number, connections: number, collections: number, ageMs: number }[]} */
  #snapshots = [];
  #restUntil = 0;
  /** Milliseconds that the snapshots of this comparison took. */
  #spentMs = 0;
  #failures = 0;
  #startedAt = 0;
  #abort = new AbortController();
  #busy = false;
  #sampler = new AllocationSampler();
  /** A process that ends meanwhile takes its snapshots with it. */
  #discard = () => {
    this.#sampler.stop();
    try {
      if (this.#folder) fs.rmSync(this.#folder, { recursive: true, force: true });
    } catch {
      // The application comes first: a folder of redacted, private files stays.
    }
    this.#folder = null;
  };

  /** @param {number} intervalMs between two readings of the watch */
  constructor(intervalMs) {
    this.#intervalMs = intervalMs;
  }

  /** Whether a first snapshot waits for the next. */
  get isUnderWay() {
    return this.#snapshots.length > 0;
  }

  /**
   * Takes the next step, if it is time for one. Never throws; what fails is left for another day.
   * @param {object} moment
   * @param {boolean} moment.grows whether live memory keeps growing
   * @param {number} moment.requests
   * @param {number} moment.connections open ones
   * @param {number} moment.collections major ones
   * @param {() => Promise<object>} observations what was measured, for the comparison
   */
  async consider({ grows, requests, connections, collections }, observations) {
    if (this.#busy || Date.now() < this.#restUntil || this.#abort.signal.aborted) return;
    const last = this.#snapshots.at(-1);
    if (!last && !grows) {
      // What was proven once has ended.
      this.suspects = [];
      this.doubts = [];
      return;
    }
    if (last && !this.#isApart(last, { requests, collections })) {
      if (Date.now() - this.#startedAt > PATIENCE_MS) this.#rest(REST.mostMs);
      return;
    }
    this.#busy = true;
    try {
      await this.#takeNext({ requests, connections, collections });
      if (this.#snapshots.length === SNAPSHOTS) await this.#compare(await observations(), await this.#profile());
      else if (!this.#abort.signal.aborted) this.#sampler.start();
      this.#failures = 0;
    } catch {
      this.#sampler.stop();
      this.#failures += 1;
      const isHopeless = this.#failures === MOST_FAILURES || this.#snapshots.length === SNAPSHOTS;
      if (isHopeless || this.#abort.signal.aborted) this.#rest(REST.mostMs);
      else this.#restUntil = Date.now() + RETRY_READINGS * this.#intervalMs;
    } finally {
      this.#busy = false;
    }
  }

  /** Ends what is under way and leaves nothing behind. */
  stop() {
    this.#abort.abort();
    this.#rest(REST.mostMs);
  }

  async #takeNext({ requests, connections, collections }) {
    const folder = (this.#folder ??= this.#begin());
    const file = path.join(folder, `${this.#snapshots.length + 1}.heapsnapshot`);
    const taken = await takeSnapshot({ path: file, mode: 'background', redact: true, signal: this.#abort.signal });
    this.#spentMs += taken.durationMs;
    this.#snapshots.push({ path: taken.path, requests, connections, collections, ageMs: process.uptime() * 1000 });
  }

  /** Far enough from the last snapshot to see a difference that counts. */
  #isApart(last, { requests, collections }) {
    const apartMs = Math.max(APART_MS.leastReadings * this.#intervalMs, last.ageMs * APART_MS.share);
    const enough = requests - last.requests >= APART.requests && collections - last.collections >= APART.collections;
    return enough && process.uptime() * 1000 - last.ageMs >= Math.min(APART_MS.most, apartMs);
  }

  /** @returns {string} a folder for the snapshots */
  #begin() {
    const namespace = pidNamespace();
    removeLeftOvers(namespace);
    this.#startedAt = Date.now();
    process.once('exit', this.#discard);
    return fs.mkdtempSync(path.join(os.tmpdir(), `leakwatch-${namespace}-${process.pid}-`));
  }

  /** Ends sampling. @returns {Promise<string | undefined>} where what is alive was allocated; nothing when that is not to be had */
  async #profile() {
    try {
      return isInspectorOpen() ? undefined : await allocationProfile(this.#abort.signal);
    } catch {
      return undefined;
    } finally {
      this.#sampler.stop();
    }
  }

  async #compare(observations, profile) {
    const { suspects, doubts } = JSON.parse(await native.proveMonitor(JSON.stringify(observations), JSON.stringify(this.#snapshots), profile));
    if (!this.#abort.signal.aborted) {
      this.suspects = suspects;
      this.doubts = doubts;
      this.acquitted = suspects.length === 0 && doubts.length === 0;
    }
    this.#rest(Math.min(REST.mostMs, Math.max(REST.leastMs, this.#spentMs * REST.times)));
  }

  #rest(ms) {
    this.#restUntil = Date.now() + ms;
    this.#snapshots = [];
    this.#spentMs = 0;
    this.#failures = 0;
    process.removeListener('exit', this.#discard);
    this.#discard();
  }
}

/**
 * What a process left that a signal ended: there, nobody is told to clean up.
 * @param {string} namespace containers can share the folder and not the pids, so others' are never judged
 */
function removeLeftOvers(namespace) {
  for (const name of fs.readdirSync(os.tmpdir())) {
    const [, owner, pid] = /^leakwatch-(\d+)-(\d+)-\w{6}$/.exec(name) ?? [];
    if (owner === namespace && !isAlive(Number(pid))) fs.rmSync(path.join(os.tmpdir(), name), { recursive: true, force: true });
  }
}

/** @returns {string} the number of the namespace that gives this process its pid, see pid_namespaces(7) */
function pidNamespace() {
  try {
    return fs.readlinkSync('/proc/self/ns/pid').replace(/\D/g, '');
  } catch {
    // Then nobody's are ever judged.
    return 'unknown';
  }
}

function isAlive(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code !== 'ESRCH';
  }
}

module.exports = { Prover };
