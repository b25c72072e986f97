'use strict';
const http = require('node:http');
const https = require('node:https');
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const { LeakWatchError } = require('../errors.js');
const { expand } = require('./request.js');

/**
 * @typedef {object} TrafficCall
 * @property {string} url of the app, without a trailing slash
 * @property {number} port
 * @property {number} round 0 while warming up
 * @property {number} start number of the first request
 * @property {number} count how many to send
 * @property {AbortSignal} signal aborted when the run is over or given up
 *
 * @typedef {(call: TrafficCall) => Promise<unknown>} Traffic
 */

const REQUEST_TIMEOUT_MS = 15_000;

/**
 * Loads the user's traffic module, CommonJS or ESM.
 * @param {string} file
 * @returns {Promise<Traffic>}
 */
async function loadTraffic(file) {
  const loaded = await import(pathToFileURL(path.resolve(file)).href).catch((error) => {
    throw new LeakWatchError('ERR_LEAKWATCH_TRAFFIC', `Could not load the traffic module ${file}: ${error.message}. Expected a CommonJS or ES module that exports 'traffic'.`, { cause: error });
  });
  const traffic = [loaded.traffic, loaded.default?.traffic, loaded.default].find((value) => typeof value === 'function');
  if (traffic) return (call) => callModule(file, traffic, call);
  throw new LeakWatchError('ERR_LEAKWATCH_TRAFFIC', `The traffic module ${file} exports no function. Expected 'export async function traffic({ url, port, round, start, count, signal })', which sends count requests numbered from start.`);
}

async function callModule(file, traffic, call) {
  try {
    await traffic(call);
  } catch (error) {
    if (call.signal.aborted) throw call.signal.reason;
    const details = error instanceof Error ? error.stack : String(error);
    throw new LeakWatchError('ERR_LEAKWATCH_TRAFFIC', `The traffic module ${file} failed in round ${call.round}: ${details}`, { cause: error });
  }
}

/** Sends `--request`s in turn over keep-alive connections and counts what came back. */
class RequestTraffic {
  #specs;
  #concurrency;
  /** Answers by request label, then by status code or error code. @type {Map<string, Map<string, number>>} */
  answers = new Map();

  /**
   * @param {import('./request.js').RequestSpec[]} specs
   * @param {number} concurrency
   */
  constructor(specs, concurrency) {
    this.#specs = specs;
    this.#concurrency = concurrency;
  }

  /** @param {TrafficCall} call */
  async send({ url, start, count, signal }) {
    const { request, Agent } = url.startsWith('https:') ? https : http;
    // Certificates of an app under test are rarely signed by somebody known.
    const agent = new Agent({ keepAlive: true, maxSockets: this.#concurrency, .../** @type {object} */ ({ rejectUnauthorized: false }) });
    let next = start;
    const worker = async () => {
      while (next < start + count && !signal.aborted) {
        const n = next++;
        const spec = this.#specs[n % this.#specs.length];
        this.#count(spec.label, await sendOne(request, agent, url, spec, n));
      }
    };
    try {
      await Promise.all(Array.from({ length: Math.min(this.#concurrency, count) }, worker));
    } finally {
      // The app's side of the connections has to be gone, too, when its memory is measured.
      agent.destroy();
    }
    signal.throwIfAborted();
  }

  #count(label, answer) {
    const answers = this.answers.get(label) ?? new Map();
    this.answers.set(label, answers.set(answer, (answers.get(answer) ?? 0) + 1));
  }
}

/** @returns {Promise<string>} the status code, or the error's code */
function sendOne(request, agent, url, spec, n) {
  return new Promise((resolve) => {
    const body = spec.body === null ? undefined : expand(spec.body, n);
    const headers = Object.fromEntries(Object.entries(spec.headers).map(([name, value]) => [name, expand(value, n)]));
    if (body !== undefined) headers['content-length'] = String(Buffer.byteLength(body));
    const sent = request(url + expand(spec.path, n), { method: spec.method, headers, agent, timeout: REQUEST_TIMEOUT_MS }, (response) => {
      response.resume();
      response.once('close', () => resolve(String(response.statusCode)));
    });
    sent.once('timeout', () => sent.destroy(Object.assign(new Error('no answer in time'), { code: 'TIMEOUT' })));
    sent.once('error', (error) => resolve(/** @type {NodeJS.ErrnoException} */ (error).code ?? 'ERROR'));
    sent.end(body);
  });
}

module.exports = { RequestTraffic, loadTraffic };
