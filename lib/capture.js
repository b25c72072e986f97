'use strict';
const path = require('node:path');
const v8 = require('node:v8');
// Taken now: later somebody may track or mock timers.
const { setTimeout } = require('node:timers');
const { LeakWatchError, fromNative } = require('./errors.js');
const { snapshotSettings } = require('./capture-options.js');
const native = require('./native.js');

/**
 * @typedef {import('./capture-options.js').SnapshotOptions} SnapshotOptions
 * @typedef {import('./capture-options.js').SnapshotSettings} SnapshotSettings
 *
 * @typedef {object} SnapshotResult
 * @property {string} path the file, absolute
 * @property {number} bytes its size
 * @property {number} durationMs from the call to the finished file
 * @property {number} pauseMs how long the event loop stood still
 * @property {'inline' | 'background'} mode
 * @property {number} nodes
 * @property {number} edges
 * @property {boolean} redacted whether the values of strings were blanked
 * @property {number} retries how often a quiet moment had to be waited for
 * @property {number | null} peakChildBytes the largest resident set of the forked child; null when inline
 */

/** Where V8 finds the pipe it writes into. */
const PIPES = process.platform === 'linux' ? '/proc/self/fd' : '/dev/fd';

/** How often to look for a moment when no other thread is at work: about two seconds. */
const QUIET_RETRIES = 500;

/** @type {Promise<SnapshotResult> | null} the capture under way in this thread */
let current = null;

/**
 * Writes a heap snapshot that Chrome DevTools opens.
 * @param {SnapshotOptions} [options]
 * @returns {Promise<SnapshotResult>}
 * @throws {LeakWatchError} (as a rejection) when the options are wrong or nothing could be written
 */
async function takeSnapshot(options = {}) {
  const settings = snapshotSettings(options);
  throwIfAborted(settings.signal);
  if (current && settings.whenBusy === 'join') return current;
  if (current) throw new LeakWatchError('ERR_LEAKWATCH_BUSY', 'Another capture is under way, and two would need twice the memory. Wait for it, or share its result with `whenBusy: "join"`.');
  current = run(settings);
  try {
    return await current;
  } finally {
    current = null;
  }
}

/**
 * @param {SnapshotSettings} settings
 * @returns {Promise<SnapshotResult>}
 */
async function run(settings) {
  const began = performance.now();
  checkPermission(settings.target);
  const mode = chooseMode(settings);
  const { id, pauseMs, retries } = await (mode === 'background' ? startInBackground(settings) : startInline(settings));
  const result = await outcome(id, settings);
  return {
    path: result.path,
    bytes: result.bytes,
    durationMs: performance.now() - began,
    pauseMs,
    mode,
    nodes: result.nodes,
    edges: result.edges,
    redacted: result.redacted,
    peakChildBytes: result.peakChildBytes ?? null,
    retries,
  };
}

/**
 * @param {SnapshotSettings} settings
 * @returns {'inline' | 'background'}
 * @throws {LeakWatchError} when what was asked for is not to be had
 */
function chooseMode({ mode, allowPause }) {
  if (mode === 'inline') return 'inline';
  const { supported, reason } = backgroundSupport();
  if (supported) return 'background';
  if (mode === 'auto' && allowPause) return 'inline';
  const pause = `stop the event loop for about ${estimatedPauseSeconds()} s`;
  throw new LeakWatchError('ERR_LEAKWATCH_UNSUPPORTED', `Snapshots in the background are not supported here: ${reason}. A snapshot in this process would ${pause}; if that is acceptable, ask for it with ${mode === 'auto' ? 'allowPause: true' : 'mode: "inline"'}.`);
}

/** @returns {{ supported: boolean, reason: string | null }} whether snapshots can be taken in the background */
function backgroundSupport() {
  return callNative(() => native.backgroundSupport());
}

/** How long V8 needs for a heap of this size: measured 0.04 to 0.2 s for each MB. */
function estimatedPauseSeconds() {
  const seconds = v8.getHeapStatistics().used_heap_size / 1e6 * 0.1;
  return seconds < 10 ? seconds.toFixed(1) : Math.round(seconds);
}

/** @param {SnapshotSettings} settings */
async function startInline(settings) {
  const began = performance.now();
  const id = callNative(() => native.captureInline(nativeSettings(settings), writeInto));
  return { id, pauseMs: performance.now() - began, retries: 0 };
}

/**
 * Waits for a moment when no other thread is at work, and forks then.
 * @param {SnapshotSettings} settings
 */
async function startInBackground(settings) {
  const { maxMemoryBytes, timeoutMs, signal, keepAlive } = settings;
  const limits = { ...heapSize(), maxMemoryBytes, timeoutMs };
  for (let retries = 0; retries <= QUIET_RETRIES; retries++) {
    const began = performance.now();
    const id = callNative(() => native.captureBackground(nativeSettings(settings), limits, writeInto));
    if (id !== null) return { id, pauseMs: performance.now() - began, retries };
    // Of different lengths, so as not to keep step with something regular.
    await sleep(1 + (retries % 7), keepAlive);
    throwIfAborted(signal);
  }
  throw new LeakWatchError('ERR_LEAKWATCH_BUSY_THREADS', `No quiet moment was found in ${QUIET_RETRIES} attempts: other threads of this process (worker threads, the thread pool) are at work all the time. Try again under less load, or take the snapshot with mode: "inline".`);
}

/** @param {SnapshotSettings} settings */
function nativeSettings({ target, redact, compression }) {
  return { target, redact, compression };
}

function heapSize() {
  const sizes = { smallBytes: 0, largeBytes: 0 };
  for (const space of v8.getHeapSpaceStatistics()) {
    sizes[space.space_name.includes('large_object') ? 'largeBytes' : 'smallBytes'] += space.space_used_size;
  }
  return sizes;
}

/**
 * Lets V8 write a snapshot.
 * @param {string} pipe
 * @returns {string | undefined} why it could not
 */
function writeInto(pipe) {
  try {
    v8.writeHeapSnapshot(pipe);
  } catch (error) {
    return `V8 could not write a heap snapshot: ${/** @type {Error} */ (error).message}.`;
  }
}

/**
 * Waits for the end of a capture. Asks instead of being called back, so that nothing native has to
 * outlive a worker thread.
 * @param {number} id
 * @param {SnapshotSettings} settings
 */
async function outcome(id, { signal, onProgress, keepAlive }) {
  const cancel = () => native.captureCancel(id);
  if (signal?.aborted) cancel();
  signal?.addEventListener('abort', cancel, { once: true });
  try {
    for (let waitMs = 1; ; waitMs = Math.min(waitMs * 2, 50)) {
      const state = callNative(() => native.captureState(id));
      if (state.error) throw withAbortReason(fromNative(new Error(state.error)), signal);
      if (state.result) return state.result;
      onProgress?.({ bytes: state.bytesRead });
      await sleep(waitMs, keepAlive);
    }
  } finally {
    signal?.removeEventListener('abort', cancel);
  }
}

/**
 * @param {number} milliseconds
 * @param {boolean} keepAlive
 * @returns {Promise<void>}
 */
function sleep(milliseconds, keepAlive) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    if (!keepAlive) timer.unref();
  });
}

/** @param {string} target */
function checkPermission(target) {
  const permission = /** @type {{ has(scope: string, reference: string): boolean } | undefined} */ (/** @type {any} */ (process).permission);
  if (!permission) return;
  for (const file of [target, path.join(PIPES, '0')]) {
    if (permission.has('fs.write', file)) continue;
    throw new LeakWatchError('ERR_LEAKWATCH_PERMISSION', `Node's permission model does not let this process write ${file}. Add --allow-fs-write=${path.join(path.dirname(file), '*')} (V8 writes through a pipe in ${PIPES}).`);
  }
}

/** @param {AbortSignal | undefined} signal */
function throwIfAborted(signal) {
  if (signal?.aborted) throw new LeakWatchError('ERR_LEAKWATCH_ABORTED', 'The capture was called off before it began.', { cause: signal.reason });
}

/**
 * @param {LeakWatchError} error
 * @param {AbortSignal | undefined} signal
 */
function withAbortReason(error, signal) {
  if (error.code === 'ERR_LEAKWATCH_ABORTED') error.cause = signal?.reason;
  return error;
}

/**
 * @template T
 * @param {() => T} call
 * @returns {T}
 */
function callNative(call) {
  try {
    return call();
  } catch (error) {
    throw fromNative(error);
  }
}

module.exports = { takeSnapshot, backgroundSupport };
