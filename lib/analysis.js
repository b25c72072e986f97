'use strict';
const path = require('node:path');
// Taken now: later somebody may track or mock timers.
const { setTimeout } = require('node:timers');
const { checkNames, ofType } = require('./capture/options.js');
const { LeakWatchError, fromNative } = require('./errors.js');
const native = require('./native.js');

/**
 * @typedef {object} Progress
 * @property {'opening' | 'scanning' | 'parsing' | 'graph' | 'answering'} phase
 * @property {number} fraction the share of the work that is over, 0 to 1, about
 *
 * @typedef {object} AnalysisOptions
 * @property {AbortSignal} [signal] calls the analysis off
 * @property {(progress: Progress) => void} [onProgress] told now and then
 *
 * @typedef {AnalysisOptions & { top?: number }} ListOptions `top`: rows of each list, 1 to 10000; default 20
 * @typedef {AnalysisOptions & { id?: number, class?: string, limit?: number }} ExplainOptions an object by its `id`, or
 *   the one of a `class` that retains most; `limit`: paths, 1 to 100, default 5
 *
 * @typedef {{ color: boolean, width: number }} TextFormat
 * @typedef {{ json: string, text?: string }} Answer
 */

const MAX_WAIT_MS = 50;
const MAX_TOP = 10_000;
const MAX_PATHS = 100;
const MAX_ID = 0xffff_ffff;

/**
 * What is in a heap snapshot: totals, leak suspects, classes, collections and more.
 * @param {string} file
 * @param {ListOptions} [options]
 * @returns {Promise<any>} see schemas/analysis.json
 * @throws {LeakWatchError} (as a rejection) when the options are wrong or the file is no snapshot
 */
async function analyzeSnapshot(file, options = {}) {
  return parsed(await ask.analyze(file, options));
}

/**
 * What grew between heap snapshots.
 * @param {string[]} files in the order they were taken
 * @param {ListOptions} [options]
 * @returns {Promise<any>} see schemas/comparison.json
 * @throws {LeakWatchError} (as a rejection) as analyzeSnapshot
 */
async function compareSnapshots(files, options = {}) {
  return parsed(await ask.compare(files, options));
}

/**
 * Why an object is alive: its retainer paths.
 * @param {string} file
 * @param {ExplainOptions} options
 * @returns {Promise<any>} see schemas/why.json; null when the snapshot has no such object
 * @throws {LeakWatchError} (as a rejection) as analyzeSnapshot
 */
async function explainObject(file, options) {
  return parsed(await ask.explain(file, options));
}

/** @param {Answer} answer */
const parsed = ({ json }) => JSON.parse(json);

/** The same questions, answered as JSON and, when a format is given, as text. */
const ask = {
  /**
   * @param {string} file
   * @param {ListOptions} options
   * @param {TextFormat} [format]
   */
  async analyze(file, options, format) {
    checkNames(options, ['top', 'signal', 'onProgress']);
    return answer(options, () => native.HeapQuestion.analyze(snapshotPath(file), top(options), format));
  },

  /**
   * @param {string[]} files
   * @param {ListOptions} options
   * @param {TextFormat} [format]
   */
  async compare(files, options, format) {
    checkNames(options, ['top', 'signal', 'onProgress']);
    if (!Array.isArray(files) || files.length < 2) {
      throw new LeakWatchError('ERR_LEAKWATCH_OPTION', 'A comparison needs an array of two or more snapshot files, in the order they were taken.');
    }
    return answer(options, () => native.HeapQuestion.compare(files.map(snapshotPath), top(options), format));
  },

  /**
   * @param {string} file
   * @param {ExplainOptions} options
   * @param {TextFormat} [format]
   */
  async explain(file, options, format) {
    checkNames(options, ['id', 'class', 'limit', 'signal', 'onProgress']);
    const id = ofType(options, 'id', 'an object id, such as 12345', (value) => isWithin(value, MAX_ID));
    const className = ofType(options, 'class', 'the name of a class', (value) => typeof value === 'string' && value !== '');
    if ((id === undefined) === (className === undefined)) {
      throw new LeakWatchError('ERR_LEAKWATCH_OPTION', 'Name one object: by `id`, or by `class` for the one that retains most.');
    }
    const limit = ofType(options, 'limit', `a whole number from 1 to ${MAX_PATHS}`, (value) => isWithin(value, MAX_PATHS)) ?? 5;
    return answer(options, () => native.HeapQuestion.explain(snapshotPath(file), id, className, limit, format));
  },
};

/**
 * Waits for the answer of a question, which Rust threads work on. Asks instead of being called back, so that nothing
 * native has to outlive a worker thread.
 * @param {AnalysisOptions} options
 * @param {() => import('../native/binding.d.ts').HeapQuestion} start
 * @returns {Promise<Answer>}
 */
async function answer(options, start) {
  const signal = ofType(options, 'signal', 'an AbortSignal', (value) => value instanceof AbortSignal);
  const onProgress = ofType(options, 'onProgress', 'a function', (value) => typeof value === 'function');
  if (signal?.aborted) throw calledOff(signal);
  const question = callNative(start);
  const cancel = () => question.cancel();
  signal?.addEventListener('abort', cancel, { once: true });
  try {
    for (let waitMs = 1; ; waitMs = Math.min(waitMs * 2, MAX_WAIT_MS)) {
      const { answer, error, phase, fraction } = question.progress();
      if (error) throw signal?.aborted ? calledOff(signal) : fromNative(new Error(error));
      if (answer) return answer;
      onProgress?.({ phase: /** @type {Progress['phase']} */ (phase), fraction });
      await sleep(waitMs);
    }
  } catch (error) {
    // Such as an onProgress that throws: nobody waits for the answer any more.
    cancel();
    throw error;
  } finally {
    signal?.removeEventListener('abort', cancel);
  }
}

/** @param {AbortSignal} signal */
function calledOff(signal) {
  return new LeakWatchError('ERR_LEAKWATCH_ABORTED', 'The analysis was called off.', { cause: signal.reason });
}

/** @param {ListOptions} options */
function top(options) {
  return ofType(options, 'top', `a whole number from 1 to ${MAX_TOP}`, (value) => isWithin(value, MAX_TOP)) ?? 20;
}

/** @param {unknown} value @param {number} most */
function isWithin(value, most) {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= most;
}

/** @param {unknown} file */
function snapshotPath(file) {
  if (typeof file === 'string' && file !== '' && !file.includes('\0')) return path.resolve(file);
  throw new LeakWatchError('ERR_LEAKWATCH_OPTION', `A snapshot must be named by the path of its file, not ${typeof file === 'string' ? JSON.stringify(file) : typeof file}.`);
}

/** @param {number} milliseconds @returns {Promise<void>} */
function sleep(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** @template T @param {() => T} call @returns {T} */
function callNative(call) {
  try {
    return call();
  } catch (error) {
    throw fromNative(error);
  }
}

module.exports = { analyzeSnapshot, compareSnapshots, explainObject, ask };
