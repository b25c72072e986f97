'use strict';
const v8 = require('node:v8');
// Taken now: later somebody may track or mock timers.
const { setTimeout } = require('node:timers');
const { LeakWatchError, fromNative } = require('../errors.js');
const native = require('../native.js');

/** How often to look for a moment when no other thread is at work: about two seconds. */
const QUIET_RETRIES = 500;

/**
 * How often a child is forked anew that crashed or would have waited for ever. Once in hundreds of forks under load a
 * thread wakes up between the look at it and the fork, and leaves its work half done in the child.
 */
const FORKED_ANEW = 2;

/** @typedef {{ smallBytes: number, largeBytes: number, maxMemoryBytes?: number, timeoutMs: number }} Limits */

/** @returns {{ supported: boolean, reason: string | null, precopy: boolean }} whether captures can be taken in the background, and whether their pause hardly grows with the heap */
function backgroundSupport() {
  return callNative(() => native.backgroundSupport());
}

/**
 * @param {{ mode: 'auto' | 'background' | 'inline', allowPause: boolean }} options
 * @param {number} secondsPerMegabyte how long the event loop would stop for each MB of heap
 * @returns {'inline' | 'background'}
 * @throws {LeakWatchError} when what was asked for is not to be had
 */
function chooseMode({ mode, allowPause }, secondsPerMegabyte) {
  if (mode === 'inline') return 'inline';
  const { supported, reason } = backgroundSupport();
  if (supported) return 'background';
  if (mode === 'auto' && allowPause) return 'inline';
  const seconds = v8.getHeapStatistics().used_heap_size / 1e6 * secondsPerMegabyte;
  const instead = mode === 'auto' ? 'allowPause: true' : 'mode: "inline"';
  throw new LeakWatchError('ERR_LEAKWATCH_UNSUPPORTED', `Captures in the background are not supported here: ${reason}. In this process it would stop the event loop for about ${seconds.toFixed(seconds < 10 ? 1 : 0)} s; if that is acceptable, ask for it with ${instead}.`);
}

/**
 * A capture in a forked child, from its preparation to its end.
 * @param {{ maxMemoryBytes?: number, timeoutMs: number, signal?: AbortSignal, onProgress?: (progress: { bytes: number }) => void, keepAlive: boolean }} settings
 * @param {(limits: Limits) => number} prepare
 * @param {(pipe: string) => string | null} write what the child does; returns why it could not
 */
async function captureInBackground(settings, prepare, write) {
  const cost = { pauseMs: 0, retries: 0 };
  for (let anew = 0; ; anew++) {
    const { id, pauseMs, retries } = await startInBackground(settings, prepare, write);
    cost.pauseMs += pauseMs;
    cost.retries += retries;
    try {
      return { ...await outcome(id, settings), ...cost };
    } catch (error) {
      const isTorn = error instanceof LeakWatchError && ['ERR_LEAKWATCH_CRASHED', 'ERR_LEAKWATCH_STUCK'].includes(error.code);
      if (!isTorn || anew === FORKED_ANEW) throw error;
      cost.retries += 1;
    }
  }
}

/**
 * Gets a capture ready, waits for a moment when no other thread is at work, and forks then.
 * @param {{ maxMemoryBytes?: number, timeoutMs: number, signal?: AbortSignal, keepAlive: boolean }} options
 * @param {(limits: Limits) => number} prepare
 * @param {(pipe: string) => string | null} write what the child does; returns why it could not
 */
async function startInBackground({ signal, keepAlive, ...settings }, prepare, write) {
  const id = callNative(() => prepare(limitsOf(settings)));
  const writeInChild = inChild(write);
  try {
    for (let [retries, turns] = [0, 0]; retries <= QUIET_RETRIES; turns++) {
      // Of different lengths, so as not to keep step with something regular.
      await sleep(1 + (turns % 7), keepAlive);
      throwIfAborted(signal);
      const began = performance.now();
      const state = callNative(() => native.captureFork(id, writeInChild));
      if (state === 'done') return { id, pauseMs: performance.now() - began, retries };
      if (state === 'busy') retries += 1;
    }
    throw new LeakWatchError('ERR_LEAKWATCH_BUSY_THREADS', `No quiet moment was found in ${QUIET_RETRIES} attempts: other threads of this process (worker threads, the thread pool) are at work all the time. Try again under less load, or use mode: "inline".`);
  } catch (error) {
    native.captureCancel(id);
    throw error;
  }
}

/**
 * What a forked child runs: as `write`, but should V8 give up, without a diagnostic report in the app's folder.
 * @param {(pipe: string) => string | null} write
 * @returns {(pipe: string) => string | null}
 */
function inChild(write) {
  return (pipe) => {
    if (process.report) process.report.reportOnFatalError = false;
    return write(pipe);
  };
}

/**
 * Waits for the end of a capture. Asks instead of being called back, so that nothing native has to
 * outlive a worker thread.
 * @param {number} id
 * @param {{ signal?: AbortSignal, onProgress?: (progress: { bytes: number }) => void, keepAlive: boolean }} options
 */
async function outcome(id, { signal, onProgress, keepAlive }) {
  const cancel = () => native.captureCancel(id);
  if (signal?.aborted) cancel();
  signal?.addEventListener('abort', cancel, { once: true });
  try {
    for (let waitMs = 1; ; waitMs = Math.min(waitMs * 2, 50)) {
      const state = callNative(() => native.captureState(id));
      if (state.error) throw withAbortReason(fromNative(new Error(state.error)), signal);
      if (state.result || state.text) return state;
      onProgress?.({ bytes: state.bytesRead });
      await sleep(waitMs, keepAlive);
    }
  } catch (error) {
    // Whatever went wrong here, such as an onProgress that throws: nobody waits for the capture any more.
    cancel();
    throw error;
  } finally {
    signal?.removeEventListener('abort', cancel);
  }
}

/**
 * @param {{ maxMemoryBytes?: number, timeoutMs: number }} settings
 * @returns {Limits} with the heap's size now
 */
function limitsOf({ maxMemoryBytes, timeoutMs }) {
  const limits = { smallBytes: 0, largeBytes: 0, maxMemoryBytes, timeoutMs };
  for (const space of v8.getHeapSpaceStatistics()) {
    limits[space.space_name.includes('large_object') ? 'largeBytes' : 'smallBytes'] += space.space_used_size;
  }
  return limits;
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

module.exports = { backgroundSupport, chooseMode, captureInBackground, limitsOf, outcome, callNative };
