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
 * @property {number | null} peakChildBytes the largest resident set of the forked child; null when inline
 */

/** Where V8 finds the pipe it writes into. */
const PIPES = process.platform === 'linux' ? '/proc/self/fd' : '/dev/fd';

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
 * @param {import('./capture-options.js').SnapshotSettings} settings
 * @returns {Promise<SnapshotResult>}
 */
async function run(settings) {
  const began = performance.now();
  checkPermission(settings.target);
  const id = callNative(() => native.captureInline({
    target: settings.target,
    redact: settings.redact,
    compression: settings.compression,
  }, writeInto));
  const pauseMs = performance.now() - began;
  const result = await outcome(id, settings);
  return {
    path: result.path,
    bytes: result.bytes,
    durationMs: performance.now() - began,
    pauseMs,
    mode: 'inline',
    nodes: result.nodes,
    edges: result.edges,
    redacted: result.redacted,
    peakChildBytes: result.peakChildBytes ?? null,
  };
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
 * @param {import('./capture-options.js').SnapshotSettings} settings
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
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, waitMs);
        if (!keepAlive) timer.unref();
      });
    }
  } finally {
    signal?.removeEventListener('abort', cancel);
  }
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

module.exports = { takeSnapshot };
