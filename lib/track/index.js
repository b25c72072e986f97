'use strict';
const { syncBuiltinESMExports } = require('node:module');
const { trackFiles } = require('./files.js');
const { trackHandles } = require('./handles.js');
const { trackListeners } = require('./listeners.js');
const { Recorder } = require('./recorder.js');
const { Requests } = require('./requests.js');
const { Routes } = require('./routes.js');
const { trackTimers } = require('./timers.js');

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
  #recorder;
  #routes;
  #requests;
  /** @type {{ sweep(): void, stop(): void }[]} */
  #running = [];

  /** @param {TrackerOptions} options */
  constructor(options) {
    this.#options = options;
    this.#recorder = new Recorder({ stacks: options.stacks === true, owner: () => this.#requests.owner() });
    this.#routes = new Routes(this.#recorder.table);
    this.#requests = new Requests(this.#recorder.table, this.#routes);
  }

  /** Patches what has to be patched. A second call does nothing. */
  start() {
    if (this.#running.length > 0) return;
    if (this.#options.requests) {
      this.#requests.start(this.#recorder);
      this.#running.push(this.#requests);
    }
    for (const [kind, track] of Object.entries(kinds)) {
      if (this.#options[kind]) this.#running.push(track(this.#recorder));
    }
    syncBuiltinESMExports();
  }

  /** What is alive now, most first. @returns {ResourceGroup[]} */
  groups() {
    for (const tracker of this.#running) tracker.sweep();
    return JSON.parse(this.#recorder.table.groups(this.#recorder.now()));
  }

  /** Requests per route since the start. @returns {Record<string, number>} */
  routes() {
    return this.#routes.counts();
  }

  /** How many requests and upgrades servers of this thread have received since the start. */
  requests() {
    return this.#requests.count;
  }

  /** The functions that serve each Express route. @returns {{ route: string, functions: Function[] }[]} */
  handlers() {
    return this.#routes.handlers();
  }

  /** What the tables had no place for. @returns {{ entries: number, sites: number, routes: number }} */
  dropped() {
    return JSON.parse(this.#recorder.table.dropped());
  }

  /** Takes every patch out and forgets everything alive. */
  stop() {
    for (const tracker of this.#running.reverse()) tracker.stop();
    this.#running = [];
    syncBuiltinESMExports();
  }
}

module.exports = { createTracker };

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
