'use strict';
const fs = require('node:fs');
const path = require('node:path');
const { styleText } = require('node:util');
const { LeakWatchError } = require('../errors.js');
const { version } = require('../../package.json');
const help = require('./help.js');

const EXIT_CODES = { healthy: 0, leaking: 1, undecided: 2 };
const COULD_NOT_RUN = 3;

/**
 * Runs one command.
 * @param {string[]} argv what follows `leakwatch`
 * @returns {Promise<number>} the exit code
 */
async function main(argv) {
  const [command, ...rest] = argv;
  try {
    if (command === 'test') return await test(rest);
    if (command === '--version') return print(`${version}\n`);
    if (command === '--help' || command === '-h' || command === undefined) return print(help.GENERAL);
    throw new LeakWatchError('ERR_LEAKWATCH_OPTION', `There is no command '${command}'. 'leakwatch --help' lists them.`);
  } catch (error) {
    return fail(error);
  }
}

/** `leakwatch test` */
async function test(argv) {
  // Only here: help and wrong options need neither the native part nor its time to load.
  const { parseTestOptions } = require('./options.js');
  const options = parseTestOptions(argv);
  if (options === null) return print(help.TEST);
  if (options.json !== null) requireWritable(options.json);
  const { testApp } = require('./test.js');
  const { Progress } = require('./progress.js');
  const report = await withSignal(options.timeoutMs, (signal) => testApp(options, { progress: new Progress(), signal }));
  show(report, options.json);
  return EXIT_CODES[report.verdict];
}

function show(report, json) {
  if (json !== null) writeJson(json, `${JSON.stringify(report, null, 2)}\n`);
  if (json === '-') return;
  const { render } = require('./judge.js');
  print(render(report, { color: wantsColor(process.stdout), width: process.stdout.columns ?? 80 }));
}

/**
 * Gives a run a signal that aborts on time-out, on an error outside every promise (a traffic
 * module's timer), and when somebody ends this process; it then ends as they wanted, cleaned up.
 * @template T
 * @param {number} timeoutMs
 * @param {(signal: AbortSignal) => Promise<T>} run
 * @returns {Promise<T>}
 */
async function withSignal(timeoutMs, run) {
  const controller = new AbortController();
  const seconds = timeoutMs / 1000;
  const timer = setTimeout(() => {
    controller.abort(new LeakWatchError('ERR_LEAKWATCH_TIMEOUT', `The run was not over after ${seconds} s. Send fewer requests (--requests, --rounds), or allow more time with --timeout.`));
  }, timeoutMs);
  const abort = (error) => controller.abort(new LeakWatchError('ERR_LEAKWATCH_TRAFFIC', `Something failed outside the traffic function: ${error?.stack ?? error}`, { cause: error }));
  const endedBy = /** @type {NodeJS.Signals[]} */ ([]);
  const interrupt = (signal) => {
    endedBy.push(signal);
    controller.abort(new LeakWatchError('ERR_LEAKWATCH_INTERRUPTED', `Interrupted by ${signal}.`));
  };
  const handlers = { SIGINT: interrupt, SIGTERM: interrupt, SIGHUP: interrupt, uncaughtException: abort, unhandledRejection: abort };
  for (const [event, handler] of Object.entries(handlers)) process.on(event, handler);
  try {
    return await run(controller.signal);
  } finally {
    clearTimeout(timer);
    for (const [event, handler] of Object.entries(handlers)) process.off(event, handler);
    if (endedBy.length > 0) process.kill(process.pid, endedBy[0]);
  }
}

/** Better to know before the run than after it. */
function requireWritable(file) {
  if (file === '-') return;
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
    fs.writeFileSync(fresh, text);
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

/** @returns {number} the exit code */
function fail(error) {
  const known = error instanceof LeakWatchError;
  const color = wantsColor(process.stderr);
  const paint = (format, text) => (color ? styleText(format, text) : text);
  process.stderr.write(`${paint('red', 'leakwatch:')} ${known ? error.message : (error?.stack ?? error)}\n`);
  const output = /** @type {{ output?: string }} */ (error)?.output;
  if (output) process.stderr.write(`\n${paint('bold', 'The last the app said:')}\n${output.replace(/^/gm, '  ')}\n`);
  return COULD_NOT_RUN;
}

/** @param {NodeJS.WriteStream} stream */
function wantsColor(stream) {
  if (process.env.NO_COLOR) return false;
  if (process.env.FORCE_COLOR) return process.env.FORCE_COLOR !== '0';
  return Boolean(stream.isTTY && stream.hasColors?.());
}

module.exports = { main };
