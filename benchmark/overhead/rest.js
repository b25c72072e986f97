'use strict';
// What the first requests after a rest take, in microseconds of processor time: node benchmark/overhead/rest.js
//   [--nodes 24] [--variants bare,watch,script] [--rest 12] [--servers 3]
// V8 shrinks the heap of a process that rests, when little enough is allocated, and then drops code. Each server is alone.
const { setTimeout: sleep } = require('node:timers/promises');
const { parseArgs } = require('node:util');
const { installLocked } = require('../../__test__/helpers/packages.js');
const { nodeBinary } = require('../../__test__/nodes/install.js');
const { WARM_UP_MS, ask, measure, start, startServer } = require('./measure.js');
const { spread } = require('./table.js');

const BEFORE_MS = 1000;
/** One after another, when the rest is over. */
const AFTER_MS = [300, 700, 1000];
const CONNECTIONS = 64;
const MEGABYTES = 32;

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '24' },
    variants: { type: 'string', default: 'bare,watch,script' },
    rest: { type: 'string', default: '12' }, // seconds
    servers: { type: 'string', default: '3' }, // each variant is started so often
  },
});

async function main() {
  installLocked(__dirname);
  const [running] = process.versions.node.split('.');
  for (const major of values.nodes.split(',')) {
    const node = major === running ? process.execPath : nodeBinary(major);
    console.log(`\n### Node ${major}: microseconds for a request, before a rest of ${values.rest} s, and after it; medians of ${values.servers}\n`);
    console.log(`| | before | ${AFTER_MS.map((ms) => `next ${ms} ms`).join(' | ')} |\n| --- ${'| --- '.repeat(1 + AFTER_MS.length)}|`);
    for (const variant of values.variants.split(',')) {
      const rows = [];
      for (let n = 0; n < Number(values.servers); n++) rows.push(await measureRest(node, variant));
      const medians = rows[0].map((_, at) => spread(rows.map((row) => row[at])).median.toFixed(1));
      console.log(`| ${[variant, ...medians].join(' | ')} |`);
    }
  }
}

/** @returns {Promise<number[]>} before, and piece by piece after the rest */
async function measureRest(node, variant) {
  const client = start(node, 'client.js', [], 1);
  const children = [client];
  try {
    const server = await startServer(node, variant, 'json', { megabytes: MEGABYTES }, children);
    const load = (durationMs) => ask(client, { job: 'load', port: server.port, connections: CONNECTIONS, durationMs });
    const micros = async (durationMs) => (await measure(server, () => load(durationMs))).cpuMicros;
    await load(WARM_UP_MS);
    const figures = [await micros(BEFORE_MS)];
    await sleep(Number(values.rest) * 1000);
    for (const ms of AFTER_MS) figures.push(await micros(ms));
    return figures;
  } finally {
    for (const child of children) child.kill();
  }
}

main();
