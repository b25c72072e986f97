'use strict';
const fs = require('node:fs');
const path = require('node:path');
const { styleText } = require('node:util');
const { LeakWatchError } = require('../errors.js');

/** Better to know before the run than after it. */
function requireWritable(file) {
  if (file === null || file === '-') return;
  try {
    const { target, isDevice } = destination(file);
    if (isDevice) return fs.accessSync(target, fs.constants.W_OK);
    const fresh = freshName(target);
    fs.writeFileSync(fresh, '', { mode: 0o600 });
    fs.rmSync(fresh);
  } catch (error) {
    throw cannotWrite(file, error);
  }
}

/**
 * The answer of a command: as text, and as JSON where that was asked for.
 * @param {any} found
 * @param {string | null} json the file for it; `-` for standard output in place of the text
 * @param {() => string} text of it
 */
function show(found, json, text) {
  // What took a whole run to find is on the screen before something can go wrong with a file.
  if (json !== '-') print(text());
  if (json !== null) writeJson(json, `${JSON.stringify(found, null, 2)}\n`);
}

/** Never leaves half a report: it appears under its name when it is whole. */
function writeJson(file, text) {
  if (file === '-') return print(text);
  let fresh = null;
  try {
    const { target, isDevice } = destination(file);
    if (isDevice) return fs.writeFileSync(target, text);
    fresh = freshName(target);
    fs.writeFileSync(fresh, text, { mode: 0o600 });
    fs.renameSync(fresh, target);
  } catch (error) {
    if (fresh !== null) fs.rmSync(fresh, { force: true });
    throw cannotWrite(file, error);
  }
}

/** Where a report goes: what a link points to stays where it is, and a device or pipe is not replaced by a file. */
function destination(file) {
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  if (stat?.isDirectory()) throw new Error('it is a folder');
  return { target: stat ? fs.realpathSync(file) : path.resolve(file), isDevice: stat !== undefined && !stat.isFile() };
}

function freshName(target) {
  return `${target}.${process.pid}`;
}

function cannotWrite(file, error) {
  return new LeakWatchError('ERR_LEAKWATCH_FOLDER', `Cannot write the report to ${file}: ${error.message}. Name another file for --json.`, { cause: error });
}

function print(text) {
  process.stdout.write(text);
  return 0;
}

/** Says on standard error why a command could not do its work. */
function explain(error) {
  const known = error instanceof LeakWatchError;
  const color = wantsColor(process.stderr);
  const paint = (format, text) => (color ? styleText(format, text) : text);
  process.stderr.write(`${paint('red', 'leakwatch:')} ${known ? error.message : (error?.stack ?? error)}\n`);
  const output = /** @type {{ output?: string }} */ (error)?.output;
  if (output) process.stderr.write(`\n${paint('bold', 'The last the app said:')}\n${output.replace(/^/gm, '  ')}\n`);
}

/** How text is to look on standard output. */
function textFormat() {
  return { color: wantsColor(process.stdout), width: process.stdout.columns ?? 80 };
}

/** @param {NodeJS.WriteStream} stream */
function wantsColor(stream) {
  if (process.env.NO_COLOR) return false;
  if (process.env.FORCE_COLOR) return process.env.FORCE_COLOR !== '0';
  return Boolean(stream.isTTY && stream.hasColors?.());
}

module.exports = { explain, print, requireWritable, show, textFormat };
