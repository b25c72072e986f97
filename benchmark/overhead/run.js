'use strict';
// What leakWatch() costs an empty JSON route: node benchmark/overhead/run.js [--rounds 12] [--seconds 2] [--node PATH]
// The servers run side by side and are measured in turns, so that a slow moment of the machine hits all of them.
// The client is another process; server and client are pinned to different cores where `taskset` exists.
const { fork, spawnSync } = require('node:child_process');
const { once } = require('node:events');
const os = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '12' },
    seconds: { type: 'string', default: '2' },
    connections: { type: 'string', default: '16' },
    node: { type: 'string', default: process.execPath },
    variants: { type: 'string', default: 'empty,watch,all' },
    least: { type: 'string', default: '0.95' },
  },
});
const canPin = os.cpus().length > 1 && spawnSync('taskset', ['-V']).status === 0;

async function main() {
  const variants = ['bare', ...values.variants.split(',')];
  const client = start('client.js', [], 1);
  /** @type {Map<string, any>} */
  const servers = new Map();
  for (const variant of variants) servers.set(variant, await startServer(variant));
  for (const server of servers.values()) await measure(client, server, 1000); // warm-up
  /** @type {Record<string, { perSecond: number, perCpuSecond: number, p99Ms: number }[]>} */
  const rounds = Object.fromEntries(variants.map((variant) => [variant, []]));
  for (let round = 0; round < Number(values.rounds); round++) {
    // Each variant stands in each place of the order.
    for (let n = 0; n < variants.length; n++) {
      const variant = variants[(n + round) % variants.length];
      rounds[variant].push(await measure(client, servers.get(variant), Number(values.seconds) * 1000));
    }
  }
  const usage = await Promise.all(variants.map((variant) => usageOf(servers.get(variant).child)));
  print(variants, rounds, usage);
  for (const { child } of servers.values()) child.kill();
  client.kill();
}

function start(file, args, core) {
  const child = path.join(__dirname, file);
  const options = { execPath: values.node };
  const started = fork(child, args, options);
  if (canPin) spawnSync('taskset', ['-a', '-p', '-c', String(core), String(started.pid)], { stdio: 'ignore' });
  return started;
}

async function startServer(variant) {
  const child = start('server.js', [variant], 0);
  const [{ port }] = await once(child, 'message');
  return { child, port };
}

/** Processor time tells more than throughput when the machine is busy with something else. */
async function measure(client, { child, port }, durationMs) {
  const before = await usageOf(child);
  client.send({ port, connections: Number(values.connections), durationMs });
  const [result] = await once(client, 'message');
  const after = await usageOf(child);
  const requests = (result.perSecond * durationMs) / 1000;
  return { ...result, perCpuSecond: requests / ((after.cpuMs - before.cpuMs) / 1000) };
}

async function usageOf(child) {
  child.send('usage');
  const [usage] = await once(child, 'message');
  return usage;
}

function print(variants, rounds, usage) {
  const version = spawnSync(values.node, ['-v'], { encoding: 'utf8' }).stdout.trim();
  console.log(`Node ${version}, ${os.cpus()[0].model}, ${os.cpus().length} cores, ${values.rounds} rounds of ${values.seconds} s, ${canPin ? 'pinned' : 'not pinned'}`);
  console.log('variant   req/s   ratio (quartiles)     per CPU second       p99 ms  ratio   RSS MB');
  variants.forEach((variant, n) => {
    const relative = (field) => spread(rounds[variant].map((round, at) => round[field] / rounds.bare[at][field]));
    const absolute = (field) => spread(rounds[variant].map((round) => round[field])).median;
    const ratio = relative('perSecond');
    console.log([
      variant.padEnd(8),
      absolute('perSecond').toFixed(0).padStart(6),
      shown(ratio),
      shown(relative('perCpuSecond')),
      absolute('p99Ms').toFixed(2).padStart(6),
      relative('p99Ms').median.toFixed(2),
      (usage[n].rss / 1e6).toFixed(1),
    ].join('  '));
    if (variant === 'watch' && ratio.median < Number(values.least)) {
      console.log(`leakWatch() costs more than it may: ${ratio.median.toFixed(3)} < ${values.least}`);
      process.exitCode = 1;
    }
  });
}

function shown({ median, low, high }) {
  return `${median.toFixed(3)} (${low.toFixed(3)}-${high.toFixed(3)})`;
}

function spread(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const at = (share) => sorted[Math.round((sorted.length - 1) * share)];
  return { low: at(0.25), median: at(0.5), high: at(0.75) };
}

main();
