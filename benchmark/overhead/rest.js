'use strict';
// What the first requests after a rest take, in microseconds of processor time: node benchmark/overhead/rest.js
//   [--nodes 24] [--variants bare,watch,script] [--rest 12] [--servers 3]
// V8 shrinks the heap of a process that rests, when little enough is allocated, and then drops code. Each server is alone.
const { setTimeout: sleep } = require('node:timers/promises');
const { parseArgs } = require('node:util');
const { installLocked } = require('../../__test__/helpers/packages.js');
const { nodeBinary } = require('../../__test__/nodes/install.js');
const { answerOf, start } = require('./measure.js');
const { spread } = require('./table.js');

const WARM_UP_MS = 6000;
const BEFORE_MS = 1000;
/** One after another, when the rest is over. */
const AFTER_MS = [300, 700, 1000];
const CONNECTIONS = 64;
const MEGABYTES = '32';

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
      for (let n = 0; n < Number(values.servers); n++) rows.push(await measure(node, variant));
      const medians = rows[0].map((_, at) => spread(rows.map((row) => row[at])).median.toFixed(1));
      console.log(`| ${[variant, ...medians].join(' | ')} |`);
    }
  }
}

/** @returns {Promise<number[]>} before, and piece by piece after the rest */
async function measure(node, variant) {
  const [server, client] = [start(node, 'server.js', [variant, 'json', MEGABYTES], 0), start(node, 'client.js', [], 1)];
  try {
    const { port } = await answerOf(server);
    const ask = (child, message) => (child.send(message), answerOf(child));
    const load = (durationMs) => ask(client, { job: 'load', port, connections: CONNECTIONS, durationMs });
    const micros = async (durationMs) => {
      const before = await ask(server, 'usage');
      const { requests } = await load(durationMs);
      return (((await ask(server, 'usage')).cpuMs - before.cpuMs) * 1000) / requests;
    };
    await load(WARM_UP_MS);
    const figures = [await micros(BEFORE_MS)];
    await sleep(Number(values.rest) * 1000);
    for (const ms of AFTER_MS) figures.push(await micros(ms));
    return figures;
  } finally {
    for (const child of [server, client]) child.kill();
  }
}

main();
