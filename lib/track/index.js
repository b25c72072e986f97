'use strict';
const { syncBuiltinESMExports } = require('node:module');
const { trackFiles } = require('./files.js');
const { trackHandles } = require('./handles.js');
const { trackListeners } = require('./listeners.js');
const { Recorder } = require('./recorder.js');
const { Requests } = require('./requests.js');
const { Routes } = require('./routes.js');
const { trackTimers } = require('./timers.js');
const { countTraffic } = require('./traffic.js');

const kinds = { timers: trackTimers, listeners: trackListeners, handles: trackHandles, files: trackFiles };

/**
 * Follows what this thread's application makes and has not let go.
 * @param {TrackerOptions} options everything is off unless it says `true`
 * @returns {Tracker}
 */
function createTracker(options) {
  return new Tracker(options);
}

/** Everything that is followed in one thread, between `start` and `stop`. */
class Tracker {
  #options;
  #routes;
  #requests;
  /** @type {Map<Kind | 'traffic', { sweep(): void, stop(): void }>} */
  #running = new Map();

  /** @param {TrackerOptions} options */
  constructor(options) {
    this.#options = options;
    /** For trackers of the caller's own. */
    this.recorder = new Recorder({ stacks: options.stacks === true, owner: () => this.#requests.owner() });
    this.#routes = new Routes(this.recorder.table);
    this.#requests = new Requests(this.recorder.table, this.#routes);
  }

  /** Follows what the options say. */
  start() {
    for (const kind of /** @type {Kind[]} */ (['requests', ...Object.keys(kinds)])) {
      if (this.#options[kind] === true) this.follow(kind);
    }
  }

  /**
   * Follows one kind from now on: patches what has to be patched.
   * @param {Kind} kind
   */
  follow(kind) {
    if (this.#running.has(kind)) return;
    const tracker = kind === 'requests' ? this.#requests.start(this.recorder, !this.#countsTraffic) : kinds[kind](this.recorder);
    this.#running.set(kind, tracker);
    syncBuiltinESMExports();
  }

  /**
   * Takes the patches of one kind out, and forgets what is alive of it.
   * @param {Kind | 'traffic'} kind
   */
  unfollow(kind) {
    const tracker = this.#running.get(kind);
    if (!tracker) return;
    this.#running.delete(kind);
    tracker.stop();
    if (kind !== 'traffic') syncBuiltinESMExports();
  }

  /**
   * Counts requests where following each of them would be too dear.
   * @param {number} samplesPerSecond requests looked at again after their response
   */
  countTraffic(samplesPerSecond) {
    const traffic = countTraffic(this.recorder, this.#routes, samplesPerSecond);
    this.#running.set('traffic', traffic);
    return traffic;
  }

  /** What is alive now, most first. @returns {ResourceGroup[]} */
  groups() {
    for (const tracker of this.#running.values()) tracker.sweep();
    return JSON.parse(this.recorder.table.groups(this.recorder.now()));
  }

  /** Requests per route since the start. @returns {Record<string, number>} */
  routes() {
    return this.#routes.counts();
  }

  /** How many requests and upgrades servers of this thread have received since the start. */
  requests() {
    return this.#countsTraffic ? this.#routes.total : this.#requests.count;
  }

  /** The functions that serve each Express route. @returns {{ route: string, functions: Function[] }[]} */
  handlers() {
    return this.#routes.handlers();
  }

  /** What the tables had no place for. @returns {{ entries: number, sites: number, routes: number }} */
  dropped() {
    return JSON.parse(this.recorder.table.dropped());
  }

  get #countsTraffic() {
    return this.#running.has('traffic');
  }

  /** Takes every patch out and forgets everything alive. */
  stop() {
    for (const kind of [...this.#running.keys()].reverse()) this.unfollow(kind);
  }
}

module.exports = { createTracker };

/** @typedef {'timers' | 'listeners' | 'handles' | 'files' | 'requests'} Kind */
/** @typedef {{ stacks?: boolean, timers?: boolean, listeners?: boolean, handles?: boolean, files?: boolean, requests?: boolean }} TrackerOptions */
/** @typedef {{ file: string, line: number, column: number, function: string | null }} Location */
/**
 * @typedef {object} ResourceGroup
 * @property {'timer' | 'listener' | 'handle' | 'file' | 'socket' | 'worker' | 'request'} kind
 * @property {string} name
 * @property {string | null} holder
 * @property {number} count alive now
 * @property {number} created ever
 * @property {number} oldestMs age of the oldest alive
 * @property {number | null} delayMs
 * @property {Location[]} site creation stack, innermost first
 * @property {{ route: string, count: number }[]} routes who created those alive
 */
