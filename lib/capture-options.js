'use strict';
const path = require('node:path');
const { LeakWatchError } = require('./errors.js');

/**
 * @typedef {object} SnapshotOptions
 * @property {string} [path] the file to write; replaces an older one
 * @property {string} [directory] where to write a file named leakwatch-PID-TIME-SEQ; default `leakwatch-snapshots`
 * @property {AbortSignal} [signal] calls the capture off
 * @property {(progress: { bytes: number }) => void} [onProgress] told now and then how many bytes V8 has written
 * @property {'auto' | 'background' | 'inline'} [mode]
 * @property {boolean} [redact] blank the values of strings; default: when NODE_ENV is production
 * @property {'gzip' | 'zstd' | 'none'} [compression] default none
 * @property {'join' | 'refuse'} [whenBusy] while another capture is under way: share its result, or fail (default)
 * @property {boolean} [keepAlive] whether waiting keeps the process alive; default true
 *
 * @typedef {object} SnapshotSettings
 * @property {string} target absolute path
 * @property {AbortSignal | undefined} signal
 * @property {((progress: { bytes: number }) => void) | undefined} onProgress
 * @property {'auto' | 'background' | 'inline'} mode
 * @property {boolean} redact
 * @property {'gzip' | 'zstd' | 'none'} compression
 * @property {'join' | 'refuse'} whenBusy
 * @property {boolean} keepAlive
 */

const EXTENSIONS = { none: '.heapsnapshot', gzip: '.heapsnapshot.gz', zstd: '.heapsnapshot.zst' };
let sequence = 0;

/**
 * Checks what a caller asked for and fills in the rest.
 * @param {SnapshotOptions} options
 * @returns {SnapshotSettings}
 */
function snapshotSettings(options) {
  if (typeof options !== 'object' || options === null) throw wrong('options', 'an object', options);
  const known = ['path', 'directory', 'signal', 'onProgress', 'mode', 'redact', 'compression', 'whenBusy', 'keepAlive'];
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown) throw new LeakWatchError('ERR_LEAKWATCH_OPTION', `takeSnapshot has no option "${unknown}". It has ${known.join(', ')}.`);
  if (options.path !== undefined && options.directory !== undefined) {
    throw new LeakWatchError('ERR_LEAKWATCH_OPTION', 'takeSnapshot takes `path` or `directory`, not both.');
  }
  const compression = oneOf(options, 'compression', ['none', 'gzip', 'zstd']);
  return {
    target: target(options, compression),
    signal: ofType(options, 'signal', 'an AbortSignal', (value) => value instanceof AbortSignal),
    onProgress: ofType(options, 'onProgress', 'a function', (value) => typeof value === 'function'),
    mode: oneOf(options, 'mode', ['auto', 'background', 'inline']),
    redact: ofType(options, 'redact', 'a boolean', (value) => typeof value === 'boolean') ?? process.env.NODE_ENV === 'production',
    compression,
    whenBusy: oneOf(options, 'whenBusy', ['refuse', 'join']),
    keepAlive: ofType(options, 'keepAlive', 'a boolean', (value) => typeof value === 'boolean') ?? true,
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
 * @template {keyof SnapshotOptions} Name
 * @param {SnapshotOptions} options
 * @param {Name} name
 * @param {string} expected
 * @param {(value: unknown) => boolean} accepts
 * @returns {SnapshotOptions[Name]}
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
  return new LeakWatchError('ERR_LEAKWATCH_OPTION', `takeSnapshot: \`${name}\` must be ${expected}, not ${got}.`);
}

module.exports = { snapshotSettings };
