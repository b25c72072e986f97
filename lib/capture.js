'use strict';
const { tmpdir } = require('node:os');
const { dirname, join, resolve } = require('node:path');
const v8 = require('node:v8');
const { backgroundSupport, callNative, chooseMode, limitsOf, outcome, captureInBackground } = require('./capture/background.js');
const { compareHistograms, countClasses } = require('./capture/histogram.js');
const { captureSettings, histogramSettings, snapshotSettings } = require('./capture/options.js');
const { textOfChild } = require('./capture/text.js');
const { LeakWatchError, fromNative } = require('./errors.js');
const { InspectorSession } = require('./inspector/session.js');
const native = require('./native.js');

/**
 * @typedef {import('./capture/options.js').SnapshotOptions} SnapshotOptions
 * @typedef {import('./capture/options.js').SnapshotSettings} SnapshotSettings
 * @typedef {import('./capture/options.js').CaptureOptions} CaptureOptions
 * @typedef {import('./capture/options.js').CaptureSettings} CaptureSettings
 *
 * @typedef {object} Cost
 * @property {number} durationMs from the call to the end
 * @property {number} pauseMs how long the event loop stood still, in all
 * @property {'inline' | 'background'} mode
 * @property {number} retries how often a quiet moment had to be waited for, or a child forked anew that crashed
 * @property {number | null} peakChildBytes the largest resident set of the forked child; null when inline
 *
 * @typedef {object} Snapshot
 * @property {string} path the file, absolute
 * @property {number} bytes its size
 * @property {number} nodes
 * @property {number} edges
 * @property {boolean} redacted whether the values of strings were blanked
 * @property {string[]} removed older snapshots that had to give way
 * @property {any} analysis with `analyze`: as analyzeSnapshot answers about the file; else null
 * @property {LeakWatchError | null} analysisError why there is none although it was wanted
 * @typedef {Snapshot & Cost} SnapshotResult
 *
 * @typedef {object} Histogram
 * @property {import('./capture/histogram.js').ClassCount[]} classes the most frequent first
 * @property {import('./capture/histogram.js').ClassCount[]} routes requests whose context is alive, by route
 * @property {number} objects how many there are in all
 * @typedef {Histogram & Cost} HistogramResult
 */

/** Seconds that the event loop stops for each MB of heap, about: measured 0.04 to 0.2, and 0.016 to 0.028. */
const SNAPSHOT_PAUSE = 0.1;
const COUNT_PAUSE = 0.025;

/** Where V8 finds the pipe it writes into; on Windows a pipe has no path, and it writes a temporary file. */
const PIPES = { linux: '/proc/self/fd', win32: tmpdir() }[process.platform] ?? '/dev/fd';

/** @type {{ kind: 'snapshot' | 'histogram' | 'profile', result: Promise<any> } | null} the capture under way in this thread; native code refuses a second one in another */
let current = null;

/**
 * Writes a heap snapshot that Chrome DevTools opens.
 * @param {SnapshotOptions} [options]
 * @returns {Promise<SnapshotResult>}
 * @throws {LeakWatchError} (as a rejection) when the options are wrong or nothing could be written
 */
async function takeSnapshot(options = {}) {
  const settings = snapshotSettings(options);
  return oneAtATime('snapshot', settings, () => snapshot(settings));
}

/**
 * Copies a snapshot with the values of strings blanked, for somebody else's eyes.
 * @param {string} source an uncompressed snapshot
 * @param {string} target the file to write; replaces an older one
 * @returns {Promise<Omit<Snapshot, 'removed' | 'analysis' | 'analysisError'>>}
 * @throws {LeakWatchError} (as a rejection) when one of them cannot be used
 */
async function redactSnapshot(source, target) {
  const settings = snapshotSettings({ path: target, redact: true });
  try {
    const { path, bytes, nodes, edges, redacted } = await native.copySnapshot(resolve(source), settings);
    return { path, bytes, nodes, edges, redacted };
  } catch (error) {
    throw fromNative(error);
  }
}

/**
 * Counts the live objects by constructor: far cheaper than a snapshot, and comparable between calls.
 * @param {CaptureOptions} [options]
 * @returns {Promise<HistogramResult>}
 * @throws {LeakWatchError} (as a rejection) when the options are wrong or nothing could be counted
 */
async function classHistogram(options = {}) {
  const settings = histogramSettings(options);
  return oneAtATime('histogram', settings, () => histogram(settings));
}

/**
 * V8's sampling heap profile, read in a forked child: reading it collects all garbage, for which the server would stand still.
 * @param {AbortSignal} [signal] calls it off
 * @returns {Promise<string>} JSON, as `HeapProfiler.getSamplingProfile` gives it: what is alive of what was allocated since sampling began
 * @throws {LeakWatchError} (as a rejection) when nobody samples, or no child could be forked
 */
async function allocationProfile(signal) {
  const settings = captureSettings({ signal, keepAlive: false });
  return oneAtATime('profile', settings, async () => (await textOfChild(settings, readProfile)).text);
}

/** @returns {object} as V8 has it */
function readProfile() {
  const session = new InspectorSession();
  try {
    return session.samplingProfile();
  } finally {
    session.end();
  }
}

/**
 * @template T
 * @param {'snapshot' | 'histogram' | 'profile'} kind
 * @param {CaptureSettings} settings
 * @param {() => Promise<T>} capture
 * @returns {Promise<T>}
 */
async function oneAtATime(kind, { signal, whenBusy }, capture) {
  if (signal?.aborted) throw new LeakWatchError('ERR_LEAKWATCH_ABORTED', 'The capture was called off before it began.', { cause: signal.reason });
  if (current?.kind === kind && whenBusy === 'join') return current.result;
  if (current) throw new LeakWatchError('ERR_LEAKWATCH_BUSY', 'Another capture is under way, and two would need twice the memory. Wait for it, or share its result with `whenBusy: "join"`.');
  current = { kind, result: capture() };
  try {
    return await current.result;
  } finally {
    current = null;
  }
}

/**
 * @param {SnapshotSettings} settings
 * @returns {Promise<SnapshotResult>}
 */
async function snapshot(settings) {
  const began = performance.now();
  checkPermission(settings.target);
  const { target, redact, compression, analyze, keep } = settings;
  const what = { target, redact, compression, analyze, keepFiles: keep.files, keepBytes: keep.bytes };
  const mode = chooseMode(settings, SNAPSHOT_PAUSE);
  const { result, pauseMs, retries } = mode === 'inline'
    ? await captureInline(what, settings)
    : await captureInBackground(settings, (limits) => native.prepareSnapshot(what, limits), writeHeap);
  const { path, bytes, nodes, edges, redacted, removed, peakChildBytes = null, ...written } = /** @type {import('../native/binding.d.ts').CaptureResult} */ (result);
  const analysis = written.analysis === undefined ? null : JSON.parse(written.analysis);
  const analysisError = written.analysisError === undefined ? null : fromNative(new Error(written.analysisError));
  return { path, bytes, durationMs: performance.now() - began, pauseMs, mode, nodes, edges, redacted, removed, analysis, analysisError, peakChildBytes, retries };
}

/**
 * @param {any} what
 * @param {SnapshotSettings} settings
 */
async function captureInline(what, settings) {
  const { id, ...cost } = paused(() => callNative(() => native.captureInline(what, limitsOf(settings), writeHeap)));
  return { ...await outcome(id, settings), ...cost };
}

/**
 * @param {CaptureSettings} settings
 * @returns {Promise<HistogramResult>}
 */
async function histogram(settings) {
  const began = performance.now();
  const mode = chooseMode(settings, COUNT_PAUSE);
  const { counts: { classes, routes }, ...cost } = mode === 'inline' ? countHere() : await countInChild(settings);
  const objects = classes.reduce((sum, { count }) => sum + count, 0);
  return { classes, routes, objects, durationMs: performance.now() - began, mode, ...cost };
}

function countHere() {
  const { id: counts, pauseMs, retries } = paused(countAlone);
  return { counts, pauseMs, retries, peakChildBytes: null };
}

/** @returns {import('./capture/histogram.js').Counts} counted while no other thread of the process captures */
function countAlone() {
  /** @type {any} */
  let counts;
  callNative(() => native.countInline(() => { counts = countClasses(); }));
  return counts;
}

/** @param {CaptureSettings} settings */
async function countInChild(settings) {
  const { text, ...cost } = await textOfChild(settings, countClasses);
  return { counts: /** @type {import('./capture/histogram.js').Counts} */ (JSON.parse(text)), ...cost };
}

/**
 * @template T
 * @param {() => T} work stops the event loop
 */
function paused(work) {
  const began = performance.now();
  const id = work();
  return { id, pauseMs: performance.now() - began, retries: 0 };
}

/**
 * Lets V8 write a snapshot.
 * @param {string} pipe
 * @returns {string | null} why it could not
 */
function writeHeap(pipe) {
  try {
    v8.writeHeapSnapshot(pipe);
    return null;
  } catch (error) {
    return `V8 could not write a heap snapshot: ${/** @type {Error} */ (error).message}.`;
  }
}

/** @param {string} target */
function checkPermission(target) {
  const permission = /** @type {{ has(scope: string, reference: string): boolean } | undefined} */ (/** @type {any} */ (process).permission);
  if (!permission) return;
  for (const file of [target, join(PIPES, '0')]) {
    if (permission.has('fs.write', file)) continue;
    throw new LeakWatchError('ERR_LEAKWATCH_PERMISSION', `Node's permission model does not let this process write ${file}. Add --allow-fs-write=${join(dirname(file), '*')} (V8 writes through a pipe in ${PIPES}).`);
  }
}

module.exports = { takeSnapshot, redactSnapshot, allocationProfile, classHistogram, compareHistograms, backgroundSupport };
