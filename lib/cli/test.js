'use strict';
const { execFile } = require('node:child_process');
const { promisify } = require('node:util');
const { LeakWatchError } = require('../errors.js');
const { App } = require('./app.js');
const { findServer } = require('./port.js');
const { TestRun } = require('./test-run.js');
const { RequestTraffic, loadTraffic } = require('./traffic.js');
const { Workdir } = require('./workdir.js');

const LISTEN_TIMEOUT_MS = 30_000;
// Of a short --timeout: what never listened is better said than that time ran out.
const LISTEN_SHARE = 0.9;

/**
 * Starts the app, drives it, measures it and judges what it keeps. Nothing of it is left behind.
 * @param {import('./options.js').TestOptions} options
 * @param {{ progress: import('./progress.js').Progress, signal: AbortSignal }} context
 * @returns {Promise<any>} the Report
 */
async function testApp(options, { progress, signal }) {
  const nodeVersion = await versionOf(options.node);
  const requests = new RequestTraffic(options.requests, options.concurrency);
  const traffic = options.traffic === null ? (call) => requests.send(call) : await loadTraffic(options.traffic);
  const workdir = new Workdir(options.keepSnapshots);
  const ended = new AbortController();
  /** @type {App | undefined} */
  let app;
  try {
    progress.phase(`starting ${options.entry} with Node ${nodeVersion}`);
    app = await App.start(options);
    const limit = { port: options.port, timeoutMs: Math.min(LISTEN_TIMEOUT_MS, options.timeoutMs * LISTEN_SHARE), signal };
    let server = await findServer(app, limit);
    if (server === null) {
      progress.warn(`${options.entry} forks cluster workers: tested is one of them, in a process of its own`);
      await app.stop();
      app = await App.start({ ...options, asWorker: true });
      server = await findServer(app, limit);
    }
    const run = new TestRun(options, app, /** @type {import('./port.js').ServerInfo} */ (server), workdir, { traffic, requests, progress, signal: AbortSignal.any([signal, ended.signal]), nodeVersion });
    return await Promise.race([run.perform(), app.died, rejectionOf(signal)]);
  } finally {
    // A traffic module's long-lived clients go by this signal.
    ended.abort();
    await app?.stop();
    workdir.remove();
    progress.clear();
  }
}

async function versionOf(node) {
  if (node === process.execPath) return process.version;
  const { stdout } = await promisify(execFile)(node, ['--version']).catch((error) => {
    throw new LeakWatchError('ERR_LEAKWATCH_OPTION', `--node ${node} could not be run: ${error.message.trim()}. Expected the path of a Node.js executable.`, { cause: error });
  });
  const version = stdout.trim();
  const [, major, minor] = /^v(\d+)\.(\d+)\./.exec(version) ?? [];
  if (Number(major) > 20 || (Number(major) === 20 && Number(minor) >= 10)) return version;
  throw new LeakWatchError('ERR_LEAKWATCH_OPTION', `--node ${node} answered '${version}' when asked for its version. Expected Node.js 20.10 or later.`);
}

/** @param {AbortSignal} signal @returns {Promise<never>} */
function rejectionOf(signal) {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

module.exports = { testApp };
