'use strict';
const { setTimeout: sleep } = require('node:timers/promises');
const { LeakWatchError } = require('../errors.js');

/** @typedef {import('../control/servers.js').ServerInfo} ServerInfo */

// The likelier a server is the app's, the shorter the wait for one that listens later.
const WAIT_FOR_BETTER_MS = { app: 150, http: 1000, tcp: 3000 };
const KINDS = /** @type {const} */ (['app', 'http', 'tcp']);
/** A primary that forks may listen, too. */
const WAIT_AFTER_FORK_MS = 1500;
const POLL_MS = 50;

/**
 * Waits for the app to listen and chooses the server that traffic goes to.
 * @param {import('./app.js').App} app
 * @param {{ port?: number, timeoutMs: number, signal: AbortSignal }} options
 * @returns {Promise<ServerInfo | null>} null for a cluster primary, which leaves it to its workers to listen
 */
async function findServer(app, { port, timeoutMs, signal }) {
  const limit = performance.now() + timeoutMs;
  let firstAt = Infinity;
  let forkedAt = Infinity;
  /** @type {ServerInfo[]} */
  let servers = [];
  while (performance.now() < limit) {
    signal.throwIfAborted();
    const answer = await app.request('servers');
    servers = answer.servers;
    if (answer.forks) forkedAt = Math.min(forkedAt, performance.now());
    if (servers.length === 0 && performance.now() - forkedAt >= WAIT_AFTER_FORK_MS) return null;
    const chosen = chooseServer(servers, port);
    if (chosen) {
      firstAt = Math.min(firstAt, performance.now());
      if (port !== undefined || performance.now() - firstAt >= WAIT_FOR_BETTER_MS[chosen.kind]) return requireHttp(chosen);
    }
    await sleep(POLL_MS, undefined, { signal });
  }
  throw neverListened(servers, port, timeoutMs, app.lastOutput());
}

/**
 * @param {ServerInfo[]} servers in the order in which they began to listen
 * @param {number} [port] only this one
 * @returns {ServerInfo | undefined} an Express or Connect app before any HTTP server before the rest
 */
function chooseServer(servers, port) {
  if (port !== undefined) return servers.find((server) => server.port === port);
  for (const kind of KINDS) {
    const found = servers.find((server) => server.kind === kind);
    if (found) return found;
  }
  return undefined;
}

/** @param {ServerInfo} server @returns {string} where this machine reaches it */
function urlOf({ protocol, address, port }) {
  const anywhere = address === '::' || address === '0.0.0.0';
  const host = anywhere ? '127.0.0.1' : address.includes(':') ? `[${address}]` : address;
  return `${protocol}://${host}:${port}`;
}

function requireHttp(server) {
  if (server.protocol !== 'tcp') return server;
  throw new LeakWatchError(
    'ERR_LEAKWATCH_NO_HTTP_SERVER',
    `The app listens on port ${server.port}, but not with an http or https server. Requests need one: use --port to choose another of its ports, or --traffic with a module that speaks its protocol.`,
  );
}

function neverListened(servers, port, timeoutMs, output) {
  const seconds = Math.round(timeoutMs / 1000);
  const found = servers.length > 0 ? `only on ${servers.map((server) => server.port).join(', ')}` : 'on no TCP port';
  const message =
    port === undefined
      ? `The app did not listen on any TCP port within ${seconds} s. leakwatch needs an entry file that calls server.listen() in its own process: not a script that starts the app in another process.`
      : `The app did not listen on port ${port} within ${seconds} s, ${found}. Leave --port out to let leakwatch choose, or name the right one.`;
  return Object.assign(new LeakWatchError('ERR_LEAKWATCH_NEVER_LISTENED', message), { output });
}

module.exports = { chooseServer, findServer, urlOf };
