'use strict';
const { spawn } = require('node:child_process');
const os = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { LeakWatchError } = require('../errors.js');
const { NAMES, signalNamed } = require('../preload/environment.js');
const { entryFile, existing, splitAtDashes, wrong } = require('./options.js');

const REGISTER = path.join(__dirname, '..', 'register.js');
/** Here knowing more is worth what it costs; an environment that says otherwise counts. */
const WATCH_OPTIONS = JSON.stringify({ track: 'all' });
const USUAL_SIGNAL = process.platform === 'win32' ? 'SIGBREAK' : 'SIGUSR2';
/** What people and supervisors send to end or reload an app. */
const FORWARDED = /** @type {NodeJS.Signals[]} */ (['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2', 'SIGBREAK']);
/** A terminal sends these to every process in the foreground, so to the app too. */
const FROM_TERMINAL = ['SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGBREAK'];

const OPTIONS = /** @type {const} */ ({
  signal: { type: 'string' },
  json: { type: 'string' },
  node: { type: 'string' },
  'node-arg': { type: 'string', multiple: true },
  help: { type: 'boolean', short: 'h' },
});

/**
 * @typedef {object} RunOptions
 * @property {string} entry
 * @property {string[]} args for the app
 * @property {string} node
 * @property {string[]} nodeArgs
 * @property {NodeJS.Signals} signal what makes the app print
 * @property {string | null} json
 */

/**
 * @param {string[]} argv what follows `leakwatch run`
 * @returns {RunOptions | null} null when help was asked for
 * @throws {LeakWatchError} ERR_LEAKWATCH_OPTION
 */
function parseRunOptions(argv) {
  const [own, args] = splitAtDashes(argv);
  const { values, positionals } = parse(own);
  if (values.help) return null;
  return {
    entry: entryFile(positionals, 'run'),
    args,
    node: values.node === undefined ? process.execPath : existing('--node', values.node),
    nodeArgs: values['node-arg'] ?? [],
    signal: signalNamed(values.signal ?? USUAL_SIGNAL),
    json: values.json === undefined || values.json === '-' ? (values.json ?? null) : path.resolve(values.json),
  };
}

/** @returns {{ values: any, positionals: string[] }} */
function parse(args) {
  try {
    return parseArgs({ args, options: OPTIONS, allowPositionals: true });
  } catch (error) {
    const [reason] = /** @type {Error} */ (error).message.split(/\. |\n/);
    throw wrong(`${reason}. 'leakwatch run --help' lists the options; the app's own arguments come after '--'.`);
  }
}

/**
 * Runs the app under watch until it ends; it prints what is alive when it gets the signal.
 * @param {RunOptions} options
 * @returns {Promise<number>} the app's exit code
 * @throws {LeakWatchError} ERR_LEAKWATCH_SPAWN
 */
async function runApp({ entry, args, node, nodeArgs, signal, json }) {
  const environment = { [NAMES.options]: WATCH_OPTIONS, ...process.env, [NAMES.signal]: signal, [NAMES.json]: json ?? undefined };
  const child = spawn(node, [...nodeArgs, '--require', REGISTER, entry, ...args], { stdio: 'inherit', env: environment });
  const stopForwarding = forward(child, new Set([...FORWARDED, signal]));
  try {
    const ended = await endOf(child);
    if (ended.signal === null) return ended.code;
    stopForwarding();
    process.kill(process.pid, ended.signal); // so that whoever waits for this process sees what the app died of
    return 128 + os.constants.signals[ended.signal];
  } finally {
    stopForwarding();
  }
}

function forward(child, signals) {
  const handlers = [...signals].filter((name) => name in os.constants.signals).map((name) => {
    const handler = () => {
      const hasItAlready = process.stdin.isTTY && FROM_TERMINAL.includes(name);
      if (!hasItAlready) child.kill(name);
    };
    process.on(name, handler);
    return [name, handler];
  });
  return () => handlers.forEach(([name, handler]) => process.off(name, handler));
}

/** @returns {Promise<{ code: number, signal: NodeJS.Signals | null }>} */
function endOf(child) {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new LeakWatchError('ERR_LEAKWATCH_SPAWN', `Could not start the app with ${child.spawnfile}: ${error.message}. Check --node.`, { cause: error })));
    child.once('exit', (code, signal) => resolve({ code: code ?? 0, signal }));
  });
}

module.exports = { parseRunOptions, runApp };
