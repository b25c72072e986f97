'use strict';
const { LeakWatchError } = require('../errors.js');

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

module.exports = { withSignal };
