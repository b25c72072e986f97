'use strict';
const fs = require('node:fs');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { LeakWatchError } = require('../errors.js');

/**
 * @typedef {object} HeapOptions
 * @property {string[]} files snapshots, or histograms
 * @property {string | null} json
 * @property {number | undefined} top rows of each list, or paths
 * @property {number | undefined} id of an object; for `path`
 * @property {string | undefined} className likewise
 */

const SHARED = /** @type {const} */ ({ json: { type: 'string' }, top: { type: 'string' }, help: { type: 'boolean', short: 'h' } });
const OPTIONS = {
  analyze: SHARED,
  compare: SHARED,
  histogram: SHARED,
  path: /** @type {const} */ ({ ...SHARED, id: { type: 'string' }, class: { type: 'string' } }),
};
const MAX_TOP = { analyze: 10_000, compare: 10_000, histogram: 10_000, path: 100 };
/** What a command's files are, and who writes them. */
const SNAPSHOT = { what: 'heap snapshot', example: 'heapsnapshot', source: 'takeSnapshot() or Chrome DevTools write' };
const FILES = { analyze: SNAPSHOT, compare: SNAPSHOT, path: SNAPSHOT, histogram: { what: 'class histogram', example: 'json', source: 'classHistogram() resolves to, as JSON' } };

/**
 * @param {'analyze' | 'compare' | 'path' | 'histogram'} command
 * @param {string[]} argv what follows `leakwatch COMMAND`
 * @returns {HeapOptions | null} null when help was asked for
 * @throws {LeakWatchError} ERR_LEAKWATCH_OPTION
 */
function parseHeapOptions(command, argv) {
  const { values, positionals } = parse(command, argv);
  if (values.help) return null;
  const files = existing(command, positionals);
  return { files, json: json(values.json, files), top: integer('--top', values.top, MAX_TOP[command]), ...(command === 'path' ? object(values) : { id: undefined, className: undefined }) };
}

/** @returns {{ values: any, positionals: string[] }} */
function parse(command, argv) {
  try {
    // A last --json without a file is standard output.
    const args = argv.at(-1) === '--json' ? [...argv, '-'] : argv;
    return parseArgs({ args, options: OPTIONS[command], allowPositionals: true });
  } catch (error) {
    const [reason] = /** @type {Error} */ (error).message.split(/\. |\n/);
    throw wrong(`${reason}. 'leakwatch ${command} --help' lists the options.`);
  }
}

function existing(command, files) {
  const { what, example, source } = FILES[command];
  const compares = command === 'compare' || command === 'histogram';
  if (compares && files.length < 2) throw wrong(`Expected two or more ${what}s in the order they were taken, got ${files.length}: 'leakwatch ${command} 1.${example} 2.${example} 3.${example}'.`);
  if (!compares && files.length !== 1) throw wrong(`Expected one heap snapshot, got ${files.length === 0 ? 'none' : files.join(', ')}: 'leakwatch ${command} app.heapsnapshot'.`);
  for (const file of files) {
    const found = fs.statSync(file, { throwIfNoEntry: false });
    if (!found?.isFile()) throw wrong(`${found ? `${path.resolve(file)} is not a file` : `There is no file ${path.resolve(file)}`}. Expected a ${what}, such as ${source}.`);
  }
  return files;
}

/** `--json a.heapsnapshot` is a slip that would cost somebody their snapshot. */
function json(file, files) {
  if (file === undefined) return null;
  const isSnapshot = /\.heapsnapshot(\.gz|\.zst)?$/.test(file) || files.some((snapshot) => path.resolve(snapshot) === path.resolve(file));
  if (isSnapshot) throw wrong(`--json ${file} would overwrite what was measured. Name another file, or - for standard output.`);
  return file;
}

function object({ id, class: className }) {
  if ((id === undefined) === (className === undefined)) throw wrong("Name one object: --class NAME for the one of a class that retains most, or --id N. 'leakwatch analyze' lists classes and ids.");
  return { id: integer('--id', id, 0xffff_ffff), className };
}

function integer(option, text, max) {
  if (text === undefined) return undefined;
  const value = Number(text.replace(/^@/, ''));
  if (Number.isInteger(value) && value >= 1 && value <= max) return value;
  throw wrong(`${option} ${text} is out of range. Expected a whole number from 1 to ${max}.`);
}

function wrong(message) {
  return new LeakWatchError('ERR_LEAKWATCH_OPTION', message);
}

module.exports = { parseHeapOptions };
