'use strict';
const fs = require('node:fs');
const path = require('node:path');
const { styleText } = require('node:util');
const { LeakWatchError } = require('../errors.js');

/** Better to know before the run than after it. */
function requireWritable(file) {
  if (file === null || file === '-') return;
  try {
    fs.accessSync(path.dirname(path.resolve(file)), fs.constants.W_OK);
    if (fs.statSync(file, { throwIfNoEntry: false })?.isDirectory()) throw new Error('it is a folder');
  } catch (error) {
    throw cannotWrite(file, error);
  }
}

/** Never leaves half a report: it appears under its name when it is whole. */
function writeJson(file, text) {
  if (file === '-') return print(text);
  const fresh = `${file}.${process.pid}`;
  try {
    fs.writeFileSync(fresh, text, { mode: 0o600 });
    fs.renameSync(fresh, file);
  } catch (error) {
    fs.rmSync(fresh, { force: true });
    throw cannotWrite(file, error);
  }
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

module.exports = { explain, print, requireWritable, textFormat, writeJson };
