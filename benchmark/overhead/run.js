'use strict';
// What leakWatch() costs beside its peers, on several versions of Node: node benchmark/overhead/run.js
//   [--cases json,pool,sockets,files] [--nodes 20,22,24,26] [--variants watch,stacks,…] [--servers 3] [--rounds 4] [--seconds 0.75] [--data 32]
//   [--switched 12]: one server, in which leakWatch() is switched on and off so many times, instead of a server for each variant
// Prints a Markdown table for each case and version, and fails when leakWatch() costs more than it may.
const { execFileSync } = require('node:child_process');
const os = require('node:os');
const { parseArgs } = require('node:util');
const { installLocked } = require('../../__test__/helpers/packages.js');
const { nodeBinary } = require('../../__test__/nodes/install.js');
const { YOUNG_MB, canPin, measureCase, measureSwitched } = require('./measure.js');
const { misses, rowsOf, tableOf } = require('./table.js');
const { variants } = require('./variants.js');

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: 'json,pool,sockets,files' },
    nodes: { type: 'string', default: '20,22,24,26' },
    variants: { type: 'string', default: 'watch,contexts,stacks,prom,why,on stack,otel' },
    servers: { type: 'string', default: '3' }, // each variant is started so often, one after another
    rounds: { type: 'string', default: '4' }, // with each of them
    seconds: { type: 'string', default: '0.75' },
    connections: { type: 'string', default: '64' }, // with few p99 is what chance makes of minor collections: docs/overhead.md
    sockets: { type: 'string', default: '5000' },
    switched: { type: 'string', default: '0' },
    data: { type: 'string', default: '32' }, // megabytes of objects that every server keeps
    young: { type: 'string', default: String(YOUNG_MB) }, // megabytes of each semi-space of V8's young generation
    idle: { type: 'string', default: '10' }, // seconds, in pieces of five, for json and sockets
  },
});

async function main() {
  installLocked(__dirname);
  const turns = Number(values.switched);
  const names = turns > 0 ? ['bare', 'watch'] : ['bare', ...values.variants.split(',')];
  const [running] = process.versions.node.split('.');
  const missed = [];
  /** Measurements that belong together, by what they have in common. @type {Map<string, Record<string, import('./measure.js').Result>>} */
  const together = new Map();
  console.log(`${os.cpus()[0].model}, ${os.cpus().length} cores, ${os.release()}; ${turns > 0 ? `one server, in which it is switched on and off ${turns} times, ${values.rounds} rounds of ${values.seconds} s each time` : `${values.servers} servers of each one after another, ${values.rounds} rounds of ${values.seconds} s in turns with each`}, ${values.connections} connections, ${canPin ? 'client and servers on different cores' : 'not pinned'}.`);
  console.log(`Medians over the ${turns > 0 ? 'turns' : 'servers'}, in brackets between what they lie with 95 % confidence; ratios to bare in the same round.\n`);
  for (const name of names) console.log(`- ${name}: ${variants[name].what}`);
  for (const major of values.nodes.split(',')) {
    const node = major === running ? process.execPath : nodeBinary(major);
    const version = execFileSync(node, ['-v'], { encoding: 'utf8' }).trim();
    for (const name of values.cases.split(',')) {
      const options = {
        node,
        name,
        variants: names,
        servers: Number(values.servers),
        turns,
        rounds: Number(values.rounds),
        durationMs: Number(values.seconds) * 1000,
        connections: Number(values.connections),
        sockets: Number(values.sockets),
        megabytes: Number(values.data),
        youngMegabytes: Number(values.young),
        idleMs: ['json', 'sockets'].includes(name) ? Number(values.idle) * 1000 : 0,
      };
      const results = await (turns > 0 ? measureSwitched(options) : measureCase(options));
      for (const shared of ['all', `Node ${version}`, name]) add(together, shared, results);
      const rows = rowsOf(results, options.rounds);
      console.log(`\n### ${name}, Node ${version}\n\n${tableOf(rows)}`);
      missed.push(...misses(rows).map((text) => `${name}, Node ${version}: ${text}`));
    }
  }
  for (const [shared, results] of together) console.log(`\n### together: ${shared}\n\n${tableOf(rowsOf(results, Number(values.rounds)))}`);
  for (const text of missed) console.log(`\nleakWatch() costs more than it may: ${text}`);
  if (missed.length > 0) process.exitCode = 1;
}

/** Pairs of servers of several cases or versions count alike. */
function add(together, shared, results) {
  const sum = together.get(shared) ?? {};
  together.set(shared, sum);
  for (const [variant, measured] of Object.entries(results)) {
    sum[variant] ??= { rounds: [], rss: [], idlePercent: [] };
    for (const [field, figures] of Object.entries(measured)) sum[variant][field].push(...figures);
  }
}

main();
