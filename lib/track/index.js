'use strict';
const { syncBuiltinESMExports } = require('node:module');
const { Contexts } = require('./contexts.js');
const { Frameworks } = require('./frameworks.js');
const { Recorder } = require('./recorder.js');
const { Requests } = require('./requests.js');
const { Routes } = require('./routes.js');
const { Visitors } = require('./visitors.js');

/** Loaded once something is followed, and what they need of Node with them. */
const kinds = {
  timers: () => require('./timers.js').trackTimers,
  listeners: () => require('./listeners.js').trackListeners,
  handles: () => require('./handles.js').trackHandles,
  files: () => require('./files.js').trackFiles,
  streams: () => require('./streams.js').trackStreams,
};

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
  #frameworks = new Frameworks();
  #routes;
  #contexts;
  /** @type {Requests | undefined} */
  #requests;
  /** @type {Visitors | undefined} */
  #visitors;
  /** @type {Map<ResourceKind, { sweep(): void, collected?(): void, stop(): void }>} */
  #running = new Map();

  /** @param {TrackerOptions} options */
  constructor(options) {
    this.#options = options;
    /** For trackers of the caller's own. */
    this.recorder = new Recorder({ stacks: options.stacks === true, share: options.share, owner: () => this.#requests?.owner() ?? null });
    this.#routes = new Routes(this.recorder.table, this.#frameworks);
    this.#contexts = new Contexts((route) => this.recorder.table.routeName(route));
  }

  /** Follows what the options say. */
  start() {
    if (this.#options.requests === true) this.countRequests({ contextsPerSecond: Infinity, samplesPerSecond: Infinity });
    for (const kind of /** @type {Kind[]} */ (['requests', ...Object.keys(kinds)])) {
      if (this.#options[kind] === true) this.follow(kind);
    }
  }

  /**
   * Counts requests from now on.
   * @param {{ contextsPerSecond: number, samplesPerSecond: number, moments?: { openMs: number, closedMs: number } }} options
   */
  countRequests(options) {
    this.#visitors ??= new Visitors();
    this.#requests ??= new Requests({ recorder: this.recorder, routes: this.#routes, frameworks: this.#frameworks, contexts: this.#contexts }, { ...options, sparing: (this.#options.share ?? 1) < 1, collections: this.#options.collections ?? 0 });
  }

  /** A major collection has ended. */
  collected() {
    this.#requests?.collected();
    for (const tracker of this.#running.values()) tracker.collected?.();
  }

  /**
   * Follows one kind from now on: patches what has to be patched. `requests`: says which of them creates what.
   * @param {Kind} kind
   */
  follow(kind) {
    if (kind === 'requests') return this.#requests?.attribute(true);
    if (this.#running.has(kind)) return;
    this.#running.set(kind, kinds[kind]()(this.recorder, this.#options.collections ?? 0));
    syncBuiltinESMExports();
  }

  /**
   * Takes the patches of one kind out, and forgets what is alive of it.
   * @param {Kind} kind
   */
  unfollow(kind) {
    if (kind === 'requests') return this.#requests?.attribute(false);
    const tracker = this.#running.get(kind);
    if (!tracker) return;
    this.#running.delete(kind);
    tracker.stop();
    syncBuiltinESMExports();
  }

  /** What is alive now, most first, placed in the code that runs. @returns {ResourceGroup[]} */
  groups() {
    this.#sweep();
    return JSON.parse(this.recorder.table.groups(this.recorder.now()));
  }

  /** The same, placed in the files that people wrote, where source maps tell. @returns {ResourceGroup[]} */
  groupsAsWritten() {
    this.#sweep();
    return JSON.parse(this.recorder.table.groupsAsWritten(this.recorder.now()));
  }

  #sweep() {
    this.#requests?.sweep();
    for (const tracker of this.#running.values()) tracker.sweep();
  }

  /** Requests per route since the start: of a busy server that is watched estimates. @returns {Record<string, number>} */
  routes() {
    return this.#routes.counts();
  }

  /** How many requests and upgrades servers of this thread have received since the start. */
  requests() {
    return this.#requests?.count ?? 0;
  }

  /** How many connections are open to servers of this thread. */
  connections() {
    return this.#visitors?.count ?? 0;
  }

  /** The ports of these servers, as far as they have one. @returns {number[]} */
  ports() {
    return this.#visitors?.ports ?? [];
  }

  /** The functions that serve each Express route. @returns {{ route: string, functions: Function[] }[]} */
  handlers() {
    return this.#routes.handlers();
  }

  /** What the tables had no place for. @returns {{ entries: number, sites: number, routes: number }} */
  dropped() {
    return this.recorder.dropped();
  }

  /** Takes every patch out and forgets everything alive. */
  stop() {
    for (const kind of [...this.#running.keys()].reverse()) this.unfollow(kind);
    this.#requests?.stop();
    this.#visitors?.stop();
  }
}

module.exports = { createTracker };

/** @typedef {'timers' | 'listeners' | 'handles' | 'files' | 'streams'} ResourceKind */
/** @typedef {ResourceKind | 'requests'} Kind */
/**
 * @typedef {object} TrackerOptions
 * @property {boolean} [stacks] whether creation sites are taken
 * @property {number} [share] of the time that recording may take, 1 by default; below that only a part of the requests,
 *   and where contexts are dear only a part of the time, tells who created what
 * @property {boolean} [timers]
 * @property {boolean} [listeners]
 * @property {boolean} [handles]
 * @property {boolean} [files]
 * @property {boolean} [streams]
 * @property {boolean} [requests]
 * @property {number} [collections] major ones that requests and streams live through before they count; 0 where the
 *   caller forces them
 */
/** @typedef {{ file: string, line: number, column: number, function: string | null }} Location */
/**
 * @typedef {object} ResourceGroup
 * @property {'timer' | 'listener' | 'handle' | 'file' | 'stream' | 'socket' | 'worker' | 'checkout' | 'request' | 'context'} kind
 * @property {string} name
 * @property {string | null} holder
 * @property {number} count alive now
 * @property {number} created ever
 * @property {number} oldestMs age of the oldest alive
 * @property {number | null} delayMs
 * @property {Location[]} site creation stack, innermost first
 * @property {{ route: string, count: number }[]} routes who created those alive
 */
