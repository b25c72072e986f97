'use strict';
const os = require('node:os');
const { LeakWatchError } = require('../errors.js');
const { watchSettings } = require('../options.js');

/** The environment's names; `leakwatch run` sets them for the app it starts. */
const NAMES = { options: 'LEAKWATCH_OPTIONS', signal: 'LEAKWATCH_SIGNAL', json: 'LEAKWATCH_JSON' };
/** Node's inspector, what cannot be caught, and what V8's profilers and the kernel use for faults. */
const TAKEN = ['SIGUSR1', 'SIGKILL', 'SIGSTOP', 'SIGPROF', 'SIGSEGV', 'SIGBUS', 'SIGFPE', 'SIGILL'];

/**
 * How a preloaded watch is to behave.
 * @param {NodeJS.ProcessEnv} environment
 * @param {(code: string, message: string) => void} warn told what is wrong with it, which then does not count
 * @returns {{ options: import('../options.js').WatchOptions | undefined, signal: NodeJS.Signals | null, json: string | null }}
 */
function readEnvironment(environment, warn) {
  const read = (name, parse) => {
    const text = environment[name];
    if (text === undefined || text === '') return undefined;
    try {
      return parse(text);
    } catch (error) {
      warn('LEAKWATCH_DEGRADED', `${name} does not count: ${/** @type {Error} */ (error).message}`);
      return undefined;
    }
  };
  return {
    options: read(NAMES.options, parseOptions),
    signal: read(NAMES.signal, signalNamed) ?? null,
    json: read(NAMES.json, String) ?? null,
  };
}

function parseOptions(text) {
  const options = JSON.parse(text);
  watchSettings(options);
  return options;
}

/**
 * @param {string} name
 * @returns {NodeJS.Signals}
 * @throws {LeakWatchError} ERR_LEAKWATCH_OPTION when the app or Node needs it for something else
 */
function signalNamed(name) {
  const signal = /** @type {NodeJS.Signals} */ (name.startsWith('SIG') ? name : `SIG${name}`);
  if (TAKEN.includes(signal)) {
    throw new LeakWatchError('ERR_LEAKWATCH_OPTION', `${signal} cannot be used: Node or the system needs it${signal === 'SIGUSR1' ? ' for the inspector' : ''}. Expected one such as SIGUSR2.`);
  }
  if (signal in os.constants.signals) return signal;
  throw new LeakWatchError('ERR_LEAKWATCH_OPTION', `There is no signal ${name} here. Expected one such as SIGUSR2.`);
}

module.exports = { NAMES, readEnvironment, signalNamed };
