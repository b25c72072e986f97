'use strict';
// What a snapshot does to a server under load: undisturbed, in the background, inline; in one run. See README.md.
const { fork } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { nodeBinary } = require('../../__test__/nodes/install.js');
const { startLoad } = require('./load.js');

const { values } = parseArgs({ options: {
  sizes: { type: 'string', default: '50,200,500' },
  nodes: { type: 'string', default: process.versions.node.split('.')[0] },
  modes: { type: 'string', default: 'background,inline' },
  rounds: { type: 'string', default: '1' },
  seconds: { type: 'string', default: '5' },
  clients: { type: 'string', default: '20' },
  think: { type: 'string', default: '0' },
} });
const list = (/** @type {string | undefined} */ text) => String(text).split(',');

/** Heading, width, and the cell of a row. @type {[string, number, (row: any) => string][]} */
const COLUMNS = [
  ['node', 5, ({ version }) => version],
  ['heap MB', 8, ({ size }) => size],
  ['mode', 11, ({ mode }) => mode],
  ['loop stop ms', 13, ({ longestGapMs }) => longestGapMs.toFixed(1)],
  ['before', 7, ({ undisturbedGapMs }) => undisturbedGapMs.toFixed(1)],
  ['said ms', 10, ({ pauseMs }) => pauseMs.toFixed(1)],
  ['longest wait ms', 16, ({ during }) => during.longest.toFixed(0)],
  ['total s', 8, ({ durationMs }) => (durationMs / 1000).toFixed(1)],
  ['added MB', 9, ({ addedBytes }) => (addedBytes / 1e6).toFixed(0)],
  ['req/s', 7, ({ during }) => during.rate.toFixed(0)],
  ['before', 7, ({ before }) => before.rate.toFixed(0)],
  ['p99 ms', 9, ({ during }) => during.p99.toFixed(1)],
  ['before', 7, ({ before }) => before.p99.toFixed(1)],
  ['failed', 7, ({ during }) => String(during.failed)],
  ['closed', 7, ({ during }) => String(during.closed)],
];

main();

async function main() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'leakwatch-benchmark-'));
  const rows = [];
  console.log(COLUMNS.map(([heading, width]) => heading.padStart(width)).join(''));
  try {
    for (const version of list(values.nodes)) {
      const node = version === process.versions.node.split('.')[0] ? process.execPath : nodeBinary(version);
      for (const size of list(values.sizes)) {
        for (let round = 0; round < Number(values.rounds); round++) {
          for (const mode of list(values.modes)) {
            const row = { version, size, mode, ...await measure(node, size, mode, folder).catch((error) => ({ error: error.message })) };
            rows.push(row);
            console.log(row.error ? `${version.padStart(5)}${size.padStart(8)}${mode.padStart(11)}   ${row.error}` : COLUMNS.map(([, width, cell]) => cell(row).padStart(width)).join(''));
          }
        }
      }
    }
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
  ratios(rows.filter((row) => !row.error));
}

/** @param {string} node @param {string} size @param {string} mode @param {string} folder */
async function measure(node, size, mode, folder) {
  const server = fork(path.join(__dirname, 'server.js'), [size], { execPath: node, execArgv: ['--max-old-space-size=8000'] });
  try {
    const { port } = await answer(server);
    const load = startLoad(port, { clients: Number(values.clients), thinkMs: Number(values.think) });
    try {
      await sleep(2000);
      load.take();
      server.send({});
      await sleep(Number(values.seconds) * 1000);
      const before = load.take();
      server.send({ mode, directory: folder });
      const result = await answer(server);
      // Who waited through a pause has yet to get an answer.
      await sleep(300);
      return { ...result, before, during: load.take() };
    } finally {
      await load.stop();
    }
  } finally {
    server.kill('SIGKILL');
    for (const file of fs.readdirSync(folder)) fs.unlinkSync(path.join(folder, file));
  }
}

/** What the server says next, or an error when it ends instead. @returns {Promise<any>} */
function answer(/** @type {import('node:child_process').ChildProcess} */ server) {
  return new Promise((resolve, reject) => {
    const ended = (/** @type {number | null} */ code, /** @type {string | null} */ signal) => reject(new Error(`the server ended: ${code ?? signal}`));
    server.once('exit', ended);
    server.once('message', (message) => {
      server.off('exit', ended);
      resolve(message);
    });
  });
}

/** Inline against background, and under way against before; of several rounds the median. */
function ratios(/** @type {any[]} */ rows) {
  console.log('\n node heap MB  loop stop, inline / background   throughput, during / before   p99, during / before (background)');
  const median = (/** @type {number[]} */ numbers) => numbers.sort((a, b) => a - b)[numbers.length >> 1];
  for (const key of new Set(rows.map(({ version, size }) => `${version} ${size}`))) {
    const group = rows.filter((row) => key === `${row.version} ${row.size}`);
    const of = (/** @type {string} */ mode, /** @type {(row: any) => number} */ figure) => median(group.filter((row) => row.mode === mode).map(figure));
    const [version, size] = key.split(' ');
    const stop = of('inline', (row) => row.longestGapMs) / of('background', (row) => row.longestGapMs);
    const rate = of('background', (row) => row.during.rate / row.before.rate);
    const p99 = of('background', (row) => row.during.p99 / row.before.p99);
    console.log(`${version.padStart(5)}${size.padStart(8)}${stop.toFixed(0).padStart(32)}${rate.toFixed(2).padStart(30)}${p99.toFixed(1).padStart(23)}`);
  }
}

/** @param {number} milliseconds @returns {Promise<void>} */
function sleep(milliseconds) {
  return new Promise((resolve) => { setTimeout(resolve, milliseconds); });
}
