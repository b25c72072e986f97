'use strict';
const { LeakWatchError } = require('./errors.js');

/**
 * @typedef {object} WatchOptions
 * @property {number} [intervalMs] milliseconds between two readings, 100 to an hour; default 5000
 * @property {number} [history] how many readings are kept, 16 to 100000; default 720, which is an hour
 * @property {'auto' | 'all'} [track] `auto` (default): creation stacks only for what grows. `all`: for everything from
 *   the start, which costs more
 * @property {'auto' | boolean} [contexts] whether requests have contexts of their own: each, none, or `auto` (default):
 *   all of up to 100 a second, of more some at random, where they cost no other code anything (Node 24 and later)
 * @property {number} [survivorsPerSecond] requests a second that are looked at again after their response, 0 to
 *   10000; default 20
 * @property {boolean} [prove] whether heap snapshots may be taken in forked children when live memory keeps growing and
 *   nothing else says why; default true
 *
 * @typedef {Required<WatchOptions>} WatchSettings
 */

const HOUR_MS = 3_600_000;

/**
 * Checks what a caller asked for and fills in the rest.
 * @param {WatchOptions} [options]
 * @returns {WatchSettings}
 * @throws {LeakWatchError} ERR_LEAKWATCH_OPTION
 */
function watchSettings(options = {}) {
  if (typeof options !== 'object' || options === null) throw wrong('options', 'an object', options);
  const known = ['intervalMs', 'history', 'track', 'contexts', 'survivorsPerSecond', 'prove'];
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown) throw new LeakWatchError('ERR_LEAKWATCH_OPTION', `leakWatch has no option "${unknown}". It has ${known.join(', ')}.`);
  return {
    intervalMs: integer(options, 'intervalMs', { least: 100, most: HOUR_MS, usual: 5000 }),
    history: integer(options, 'history', { least: 16, most: 100_000, usual: 720 }),
    track: choice(options, 'track', ['auto', 'all']),
    contexts: choice(options, 'contexts', ['auto', true, false]),
    survivorsPerSecond: integer(options, 'survivorsPerSecond', { least: 0, most: 10_000, usual: 20 }),
    prove: yesOrNo(options, 'prove', true),
  };
}

/**
 * Checks the name of a checkpoint.
 * @param {unknown} name
 * @returns {string}
 * @throws {LeakWatchError} ERR_LEAKWATCH_OPTION
 */
function checkpointName(name) {
  if (typeof name !== 'string' || name === '' || name.length > 200) throw wrong('checkpoint name', 'a string of 1 to 200 characters', name);
  return name;
}

/** @param {any} options @param {string} name @param {{ least: number, most: number, usual: number }} range */
function integer(options, name, { least, most, usual }) {
  const value = options[name] ?? usual;
  if (!Number.isInteger(value) || value < least || value > most) throw wrong(name, `a whole number from ${least} to ${most}`, value);
  return value;
}

/** @param {any} options @param {string} name @param {boolean} usual */
function yesOrNo(options, name, usual) {
  const value = options[name] ?? usual;
  if (typeof value !== 'boolean') throw wrong(name, 'true or false', value);
  return value;
}

/**
 * @template {string | boolean} T
 * @param {any} options @param {string} name @param {T[]} choices the usual one first
 * @returns {T}
 */
function choice(options, name, choices) {
  const value = options[name] ?? choices[0];
  if (!choices.includes(value)) throw wrong(name, choices.map((each) => JSON.stringify(each)).join(' or '), value);
  return value;
}

/** @param {string} name @param {string} expected @param {unknown} value */
function wrong(name, expected, value) {
  const got = typeof value === 'string' ? JSON.stringify(value.slice(0, 50)) : typeof value === 'object' && value !== null ? 'an object' : String(value);
  return new LeakWatchError('ERR_LEAKWATCH_OPTION', `leakWatch: ${name} must be ${expected}, not ${got}.`);
}

module.exports = { watchSettings, checkpointName };
