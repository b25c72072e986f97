'use strict';
const { LeakWatchError } = require('../errors.js');
const { version } = require('../../package.json');
const help = require('./help.js');
const { explain, print, requireWritable, show, textFormat } = require('./output.js');

const EXIT_CODES = { healthy: 0, leaking: 1, undecided: 2 };
const COULD_NOT_RUN = 3;

/** What each command runs. Loaded only then: help and wrong options need neither the native part nor its time to load. */
const COMMANDS = {
  test,
  run,
  analyze: (/** @type {string[]} */ argv) => require('./heap.js').analyze(argv),
  compare: (/** @type {string[]} */ argv) => require('./heap.js').compare(argv),
  path: (/** @type {string[]} */ argv) => require('./heap.js').path(argv),
  histogram: (/** @type {string[]} */ argv) => require('./histogram.js').histogram(argv),
  doctor: (/** @type {string[]} */ argv) => require('./doctor.js').doctor(argv),
};

/**
 * Runs one command.
 * @param {string[]} argv what follows `leakwatch`
 * @returns {Promise<number>} the exit code
 */
async function main(argv) {
  const [command, ...rest] = argv;
  try {
    if (Object.hasOwn(COMMANDS, command)) return await COMMANDS[command](rest);
    if (command === '--version') return print(`${version}\n`);
    if (command === '--help' || command === '-h' || command === undefined) return print(help.GENERAL);
    throw new LeakWatchError('ERR_LEAKWATCH_OPTION', `There is no command '${command}'. 'leakwatch --help' lists them.`);
  } catch (error) {
    explain(error);
    return COULD_NOT_RUN;
  }
}

/** `leakwatch test` */
async function test(argv) {
  const { parseTestOptions } = require('./options.js');
  const options = parseTestOptions(argv);
  if (options === null) return print(help.TEST);
  requireWritable(options.json);
  const { testApp } = require('./test.js');
  const { withSignal } = require('./interruptible.js');
  const { Progress } = require('./progress.js');
  const report = await withSignal(options.timeoutMs, (signal) => testApp(options, { progress: new Progress(), signal }));
  const { render } = require('./judge.js');
  show(report, options.json, () => render(report, textFormat()));
  return EXIT_CODES[report.verdict];
}

/** `leakwatch run` */
async function run(argv) {
  const { parseRunOptions, runApp } = require('./run.js');
  const options = parseRunOptions(argv);
  if (options === null) return print(help.RUN);
  requireWritable(options.json);
  return runApp(options);
}

module.exports = { main };
