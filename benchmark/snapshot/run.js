'use strict';
// What a snapshot does to a server under load: undisturbed, in the background, inline; in one run.
// Usage: node benchmark/snapshot/run.js [--heaps 50,200,500] [--nodes 20,22,24,26] [--modes background,inline] [--seconds 5]
const { fork } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const http = require('node:http');
const os = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { nodeBinary } = require('../../__test__/nodes/install.js');

const CONNECTIONS = 20;
const { values } = parseArgs({ options: {
  heaps: { type: 'string', default: '50,200,500' },
  nodes: { type: 'string', default: process.versions.node.split('.')[0] },
  modes: { type: 'string', default: 'background,inline' },
  seconds: { type: 'string', default: '5' },
} });
const list = (/** @type {string | undefined} */ text) => String(text).split(',');

main();

async function main() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'leakwatch-benchmark-'));
  console.log('node    heap MB  mode        pause ms  loop gap ms  total s  added MB  requests/s  (before)  p99 ms  (before)  failed');
  for (const version of list(values.nodes)) {
    const node = version === process.versions.node.split('.')[0] ? process.execPath : nodeBinary(version);
    for (const heap of list(values.heaps)) {
      for (const mode of list(values.modes)) await measure(node, version, heap, mode, folder);
    }
  }
  fs.rmSync(folder, { recursive: true });
}

/** @param {string} node @param {string} version @param {string} heap @param {string} mode @param {string} folder */
async function measure(node, version, heap, mode, folder) {
  const server = fork(path.join(__dirname, 'server.js'), [heap], { execPath: node, execArgv: ['--max-old-space-size=8000'] });
  const [{ port }] = await once(server, 'message');
  const load = startLoad(port);
  await sleep(1000);
  load.take();
  await sleep(Number(values.seconds) * 1000);
  const before = load.take();
  server.send({ mode, directory: folder });
  const [result] = await once(server, 'message');
  const during = load.take();
  await load.stop();
  server.kill();
  await once(server, 'exit');
  for (const file of fs.readdirSync(folder)) fs.unlinkSync(path.join(folder, file));
  const columns = result.error ? [result.error] : [
    result.pauseMs.toFixed(1).padStart(8), result.longestGapMs.toFixed(0).padStart(12), (result.durationMs / 1000).toFixed(1).padStart(8),
    (result.addedBytes / 1e6).toFixed(0).padStart(9), during.rate.toFixed(0).padStart(11), `(${before.rate.toFixed(0)})`.padStart(9),
    during.p99.toFixed(1).padStart(7), `(${before.p99.toFixed(1)})`.padStart(9), String(during.failed).padStart(7),
  ];
  console.log(`${version.padEnd(7)} ${heap.padStart(7)}  ${mode.padEnd(10)} ${columns.join(' ')}`);
}

/** Keeps CONNECTIONS requests under way. @param {number} port */
function startLoad(port) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  let [running, failed, began] = [true, 0, performance.now()];
  /** @type {number[]} */
  let latencies = [];
  const workers = Array.from({ length: CONNECTIONS }, async () => {
    while (running) {
      const start = performance.now();
      await get(agent, port).catch(() => { failed += 1; });
      latencies.push(performance.now() - start);
    }
  });
  return {
    /** What happened since the last call. */
    take() {
      const sorted = latencies.sort((a, b) => a - b);
      const taken = { rate: sorted.length / (performance.now() - began) * 1000, p99: sorted[Math.floor(sorted.length * 0.99)] ?? 0, failed };
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
    }).once('error', reject);
  });
}

/** @param {number} milliseconds @returns {Promise<void>} */
function sleep(milliseconds) {
  return new Promise((resolve) => { setTimeout(resolve, milliseconds); });
}
