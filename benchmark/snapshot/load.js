'use strict';
// Clients that keep a server busy and see from outside what happens to it.
const http = require('node:http');
const { setTimeout: sleep } = require('node:timers/promises');

/** Counts the connections it had to open. */
class CountingAgent extends http.Agent {
  opened = 0;

  /** @param {any} options @param {any} callback */
  createConnection(options, callback) {
    this.opened += 1;
    // @ts-ignore Node's own way to connect, which its types leave out.
    return super.createConnection(options, callback);
  }
}

/**
 * @param {number} port
 * @param {{ clients: number, thinkMs: number }} load how many ask, and how long each waits between an answer and its
 *   next request
 */
function startLoad(port, { clients, thinkMs }) {
  const agent = new CountingAgent({ keepAlive: true, maxSockets: clients });
  let [running, failed, began] = [true, 0, performance.now()];
  /** @type {number[]} */
  let latencies = [];
  const workers = Array.from({ length: clients }, async () => {
    while (running) {
      const start = performance.now();
      await get(agent, port).catch(() => { failed += 1; });
      latencies.push(performance.now() - start);
      if (thinkMs > 0) await sleep(thinkMs);
    }
  });
  return {
    /** What happened since the last call. */
    take() {
      const sorted = latencies.sort((a, b) => a - b);
      const taken = {
        rate: sorted.length / (performance.now() - began) * 1000,
        p99: sorted[Math.floor(sorted.length * 0.99)] ?? 0,
        longest: sorted.at(-1) ?? 0,
        failed,
        // Each is opened again, so that all beyond the first ones replace one that was closed.
        closed: agent.opened - clients,
      };
      [latencies, failed, began] = [[], 0, performance.now()];
      return taken;
    },
    async stop() {
      running = false;
      await Promise.all(workers);
      agent.destroy();
    },
  };
}

/** @param {http.Agent} agent @param {number} port @returns {Promise<void>} */
function get(agent, port) {
  return new Promise((resolve, reject) => {
    http.get({ agent, port, host: '127.0.0.1' }, (response) => {
      response.resume();
      response.once('end', resolve);
      response.once('error', reject);
    }).once('error', reject);
  });
}

module.exports = { startLoad };
