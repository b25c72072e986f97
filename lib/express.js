'use strict';
const { EventEmitter } = require('node:events');
const { isDeepStrictEqual } = require('node:util');
const { LeakWatchError } = require('./errors.js');
const { checkpointName, watchSettings } = require('./options.js');
const { createMiddleware } = require('./track/middleware.js');

/** Where the thread's one watch is found, also by another copy of this package. */
const HOME = Symbol.for('leakwatch.watch');
/** Readings between two looks for a leak, when somebody waits to hear of one. */
const READINGS_PER_VERDICT = 12;

/**
 * Watches this thread and returns the Express middleware that is also the handle to the watch. A thread has one
 * watch: later calls return it, until it is stopped.
 * @param {import('./options.js').WatchOptions} [options]
 * @returns {Watch}
 * @throws {LeakWatchError} ERR_LEAKWATCH_OPTION when an option is wrong, and nothing else ever
 */
function leakWatch(options) {
  const settings = watchSettings(options);
  const running = currentWatch();
  if (!running) return startWatch(settings);
  if (options !== undefined && !isDeepStrictEqual(settings, running.settings)) {
    warn('LEAKWATCH_ALREADY_WATCHING', 'leakWatch() was called again with other options. There is one watch per thread, and the first call decides.');
  }
  return running;
}

/** The watch of this thread. @returns {Watch | undefined} */
function currentWatch() {
  return /** @type {any} */ (globalThis)[HOME];
}

/**
 * Marks a moment; the report says what each stretch between two moments keeps. Without a watch it does nothing.
 * @param {string} name
 * @throws {LeakWatchError} ERR_LEAKWATCH_OPTION when the name is none
 */
function checkpoint(name) {
  checkpointName(name);
  currentWatch()?.checkpoint(name);
}

/**
 * What is alive and what keeps the process busy, most first. Without a watch there are counts, but no sites.
 * @returns {import('./track/index.js').ResourceGroup[]}
 */
function resources() {
  const watch = currentWatch();
  if (watch) return watch.resources();
  const { countActive, untracked } = require('./monitor/active.js');
  return untracked(countActive(), [], []);
}

function startWatch(settings) {
  const monitor = createMonitor(settings);
  const watch = createWatch(monitor, settings);
  Object.defineProperty(globalThis, HOME, { value: watch, configurable: true });
  return watch;
}

/** A process that cannot load the native part keeps running: it is told so once, and nothing is measured. */
function createMonitor(settings) {
  try {
    const { Monitor } = require('./monitor.js');
    return new Monitor(settings);
  } catch (error) {
    const { BlindMonitor } = require('./monitor/blind.js');
    return new BlindMonitor(error instanceof Error ? error.message : String(error));
  }
}

/**
 * @typedef {object} WatchMethods
 * @property {import('./options.js').WatchSettings} settings
 * @property {() => Promise<any>} report
 * @property {() => import('./track/index.js').ResourceGroup[]} resources
 * @property {(name: string) => void} checkpoint
 * @property {() => void} stop
 * @property {(event: 'leak', listener: (report: any) => void) => Watch} on
 * @property {(event: 'leak', listener: (report: any) => void) => Watch} once
 * @property {(event: 'leak', listener: (report: any) => void) => Watch} off
 *
 * @typedef {((request: unknown, response: unknown, next: () => void) => void) & WatchMethods} Watch
 */

/** @returns {Watch} */
function createWatch(monitor, settings) {
  const events = new EventEmitter();
  const watch = Object.assign(createMiddleware(), {
    settings,
    report: () => monitor.report(),
    resources: () => monitor.resources(),
    checkpoint: (/** @type {string} */ name) => monitor.checkpoint(checkpointName(name)),
    stop() {
      if (currentWatch() === watch) Reflect.deleteProperty(globalThis, HOME);
      events.removeAllListeners();
      monitor.stop();
    },
    .../** @type {any} */ (Object.fromEntries(['on', 'once', 'off'].map((method) => [method, subscriber(events, method, () => watch)]))),
  });
  const problems = monitor.start(leakTeller(monitor, events));
  if (problems.length > 0) warn('LEAKWATCH_DEGRADED', problems.join('\n'));
  return watch;
}

function subscriber(events, method, watch) {
  return (event, listener) => {
    if (event !== 'leak') throw new LeakWatchError('ERR_LEAKWATCH_OPTION', `A watch has no event "${String(event)}". It has "leak".`);
    if (typeof listener !== 'function') throw new LeakWatchError('ERR_LEAKWATCH_OPTION', `watch.${method}("leak") takes a function, not ${typeof listener}.`);
    events[method](event, listener);
    return watch();
  };
}

/** Emits `leak` once for each leak, and looks for one only while somebody listens. */
function leakTeller(monitor, events) {
  const told = new Set();
  let readings = 0;
  return () => {
    readings += 1;
    if (readings % READINGS_PER_VERDICT !== 0 || events.listenerCount('leak') === 0) return;
    // Nobody asked for this report, so nobody is told when there is none.
    monitor.report().then((/** @type {any} */ report) => process.nextTick(tell, report), () => {});
  };

  /** Called by Node, so that what a listener throws is an uncaught exception as anywhere. */
  function tell(report) {
    const fresh = report.suspects.filter(({ id }) => !told.has(id));
    if (report.verdict !== 'leaking' || fresh.length === 0) return;
    for (const { id } of fresh) told.add(id);
    events.emit('leak', report);
  }
}

function warn(code, message) {
  process.emitWarning(message, { type: 'LeakWatchWarning', code });
}

module.exports = { leakWatch, checkpoint, resources };
