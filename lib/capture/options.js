'use strict';
const path = require('node:path');
const { LeakWatchError } = require('../errors.js');

/**
 * @typedef {object} CaptureOptions
 * @property {'auto' | 'background' | 'inline'} [mode] `background`: in a forked child, the event loop stops for
 *   milliseconds; `inline`: in this process, the event loop stops until V8 is done; `auto` (default): background,
 *   or inline where that is not supported and `allowPause` is set
 * @property {boolean} [allowPause] whether `auto` may stop the event loop for long
 * @property {number} [maxMemoryBytes] what a capture in the background may add to the memory in use; default: what
 *   the container and the machine have left
 * @property {number} [timeoutMs] how long a capture in the background may take; default ten minutes
 * @property {AbortSignal} [signal] calls the capture off
 * @property {'join' | 'refuse'} [whenBusy] while another capture is under way: share its result, or fail (default)
 * @property {boolean} [keepAlive] whether waiting keeps the process alive; default true
 *
 * @typedef {object} SnapshotOnlyOptions
 * @property {string} [path] the file to write; replaces an older one
 * @property {string} [directory] where to write a file named leakwatch-PID-TIME-SEQ; default `leakwatch-snapshots`
 * @property {{ files?: number, bytes?: number }} [keep] how much the folder may hold, this snapshot included; the
 *   oldest that leakwatch named give way. Not with `path`. Default: no cap; 20 files and 10 GB in the default folder
 * @property {(progress: { bytes: number }) => void} [onProgress] told now and then how many bytes V8 has written
 * @property {boolean} [redact] blank the values of strings; default: when NODE_ENV is production
 * @property {'gzip' | 'zstd' | 'none'} [compression] default none
 * @property {boolean} [analyze] analyse it while it is written; default false
 * @typedef {CaptureOptions & SnapshotOnlyOptions} SnapshotOptions
 *
 * @typedef {object} CaptureSettings
 * @property {'auto' | 'background' | 'inline'} mode
 * @property {boolean} allowPause
 * @property {number | undefined} maxMemoryBytes
 * @property {number} timeoutMs
 * @property {AbortSignal | undefined} signal
 * @property {'join' | 'refuse'} whenBusy
 * @property {boolean} keepAlive
 *
 * @typedef {object} SnapshotOnlySettings
 * @property {string} target absolute path
 * @property {{ files?: number, bytes?: number }} keep
 * @property {((progress: { bytes: number }) => void) | undefined} onProgress
 * @property {boolean} redact
 * @property {'gzip' | 'zstd' | 'none'} compression
 * @property {boolean} analyze
 * @typedef {CaptureSettings & SnapshotOnlySettings} SnapshotSettings
 */

const CAPTURE_OPTIONS = ['mode', 'allowPause', 'maxMemoryBytes', 'timeoutMs', 'signal', 'whenBusy', 'keepAlive'];
const SNAPSHOT_OPTIONS = ['path', 'directory', 'keep', 'onProgress', 'redact', 'compression', 'analyze', ...CAPTURE_OPTIONS];
const EXTENSIONS = { none: '.heapsnapshot', gzip: '.heapsnapshot.gz', zstd: '.heapsnapshot.zst' };
const DEFAULT_KEEP = { files: 20, bytes: 10e9 };
const DEFAULT_TIMEOUT_MS = 600_000;
let sequence = 0;

const isBoolean = (/** @type {unknown} */ value) => typeof value === 'boolean';
const isPositive = (/** @type {unknown} */ value) => typeof value === 'number' && value > 0 && value <= Number.MAX_SAFE_INTEGER;

/**
 * Checks what a caller of takeSnapshot asked for and fills in the rest.
 * @param {SnapshotOptions} options
 * @returns {SnapshotSettings}
 */
function snapshotSettings(options) {
  checkNames(options, SNAPSHOT_OPTIONS);
  if (options.path !== undefined && options.directory !== undefined) {
    throw new LeakWatchError('ERR_LEAKWATCH_OPTION', 'A snapshot takes `path` or `directory`, not both.');
  }
  const compression = oneOf(options, 'compression', ['none', 'gzip', 'zstd']);
  return {
    ...captureSettings(options),
    target: target(options, compression),
    keep: keep(options),
    onProgress: ofType(options, 'onProgress', 'a function', (value) => typeof value === 'function'),
    redact: ofType(options, 'redact', 'a boolean', isBoolean) ?? process.env.NODE_ENV === 'production',
    compression,
    analyze: ofType(options, 'analyze', 'a boolean', isBoolean) ?? false,
  };
}

/**
 * Checks what a caller of classHistogram asked for and fills in the rest.
 * @param {CaptureOptions} options
 * @returns {CaptureSettings}
 */
function histogramSettings(options) {
  checkNames(options, CAPTURE_OPTIONS);
  return captureSettings(options);
}

/**
 * @param {object} options
 * @param {string[]} known
 */
function checkNames(options, known) {
  if (typeof options !== 'object' || options === null) throw wrong('options', 'an object', options);
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown) throw new LeakWatchError('ERR_LEAKWATCH_OPTION', `There is no option "${unknown}" here. There are ${known.join(', ')}.`);
}

/**
 * @param {CaptureOptions} options
 * @returns {CaptureSettings}
 */
function captureSettings(options) {
  return {
    mode: oneOf(options, 'mode', ['auto', 'background', 'inline']),
    allowPause: ofType(options, 'allowPause', 'a boolean', isBoolean) ?? false,
    maxMemoryBytes: ofType(options, 'maxMemoryBytes', 'a positive number of bytes', isPositive),
    timeoutMs: ofType(options, 'timeoutMs', 'a positive number of milliseconds', isPositive) ?? DEFAULT_TIMEOUT_MS,
    signal: ofType(options, 'signal', 'an AbortSignal', (value) => value instanceof AbortSignal),
    whenBusy: oneOf(options, 'whenBusy', ['refuse', 'join']),
    keepAlive: ofType(options, 'keepAlive', 'a boolean', isBoolean) ?? true,
  };
}

/**
 * @param {SnapshotOptions} options
 * @param {keyof typeof EXTENSIONS} compression
 */
function target(options, compression) {
  const isPath = (/** @type {unknown} */ value) => typeof value === 'string' && value !== '' && !value.includes('\0');
  const file = ofType(options, 'path', 'a file path', isPath);
  if (file !== undefined) return path.resolve(file);
  const directory = ofType(options, 'directory', 'a folder path', isPath) ?? 'leakwatch-snapshots';
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  sequence += 1;
  return path.resolve(directory, `leakwatch-${process.pid}-${time}-${sequence}${EXTENSIONS[compression]}`);
}

/**
 * @param {SnapshotOptions} options
 * @returns {{ files?: number, bytes?: number }}
 */
function keep(options) {
  const caps = ofType(options, 'keep', 'an object such as { files: 10, bytes: 1e9 }', isCaps);
  if (caps && options.path !== undefined) throw new LeakWatchError('ERR_LEAKWATCH_OPTION', 'Option `keep` goes with `directory`: a file that you name yourself is never removed.');
  if (caps) return { ...caps };
  return options.path === undefined && options.directory === undefined ? DEFAULT_KEEP : {};
}

/** @param {any} value */
function isCaps(value) {
  return typeof value === 'object' && value !== null && Object.entries(value).every(([name, cap]) => (name === 'files' || name === 'bytes') && isPositive(cap));
}

/**
 * @template {object} Options
 * @template {keyof Options & string} Name
 * @param {Options} options
 * @param {Name} name
 * @param {string} expected
 * @param {(value: unknown) => boolean} accepts
 * @returns {Options[Name]}
 */
function ofType(options, name, expected, accepts) {
  const value = options[name];
  if (value !== undefined && !accepts(value)) throw wrong(name, expected, value);
  return value;
}

/**
 * @template {string} Choice
 * @param {SnapshotOptions} options
 * @param {keyof SnapshotOptions} name
 * @param {Choice[]} choices the default first
 * @returns {Choice}
 */
function oneOf(options, name, choices) {
  const value = /** @type {Choice | undefined} */ (options[name]);
  if (value === undefined) return choices[0];
  if (!choices.includes(value)) throw wrong(name, choices.map((choice) => `"${choice}"`).join(' or '), value);
  return value;
}

/**
 * @param {string} name
 * @param {string} expected
 * @param {unknown} value
 */
function wrong(name, expected, value) {
  const got = typeof value === 'string' ? JSON.stringify(value) : typeof value === 'object' ? (value === null ? 'null' : 'an object') : String(value);
  return new LeakWatchError('ERR_LEAKWATCH_OPTION', `Option \`${name}\` must be ${expected}, not ${got}.`);
}

module.exports = { captureSettings, snapshotSettings, histogramSettings, checkNames, ofType };
