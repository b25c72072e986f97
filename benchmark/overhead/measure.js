'use strict';
// One case on one version of Node: a server for each variant, side by side, measured in turns, so that a slow moment
// of the machine hits all of them; then anew with fresh servers, because two processes that do the same differ for as
// long as they live. The client is another process, on another core where `taskset` exists.
const { fork, spawnSync } = require('node:child_process');
const { once } = require('node:events');
const os = require('node:os');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');

/**
 * V8 compiles and optimises while the first hundred thousand requests come: on Node 26 a bare server's p99 was 2.3 ms in its third
 * second, and 1.2 ms from the eighth on.
 */
const WARM_UP_MS = 6000;
/**
 * V8 grows its young generation in steps for minutes, or never, and two servers that do the same differ by a step as long as they live.
 * So it has a fixed size. Downloads fill 16 MB about when the 64 MB of their buffers make V8 mark the whole heap: which of the
 * two comes first is chance there, and decides what a download costs (Node 26, bare: 530 to 840 microseconds). 8 MB are always full before: 415 to 485.
 */
const YOUNG_MB = 8;
/**
 * When little has been allocated for a while V8 makes its heap smaller, which takes it 0.2 to 0.4 s once, of a bare server, too, but
 * later, and gives up code that it compiled. So it is waited for; and as it may come later still, an idle process is measured in pieces.
 */
const SETTLE_MS = 70_000;
/** As long as from one reading to the next. */
const IDLE_PIECE_MS = 5000;
/** After a switch V8 compiles anew what the switch has changed. */
const SWITCHED_MS = 3000;

const canPin = os.cpus().length > 1 && spawnSync('taskset', ['-V']).status === 0;

/**
 * @param {Options & { servers: number }} options `servers`: how many times each variant is started
 * @returns {Promise<Record<string, Result>>} by variant
 */
async function measureCase({ servers, ...options }) {
  const results = Object.fromEntries(options.variants.map((variant) => [variant, { rounds: [], rss: [], idlePercent: [] }]));
  const { length } = options.variants;
  for (let turn = 0; turn < servers; turn++) {
    // None is always the first to be started.
    const variants = options.variants.map((_, n) => options.variants[(n + turn) % length]);
    await measureServers({ ...options, variants }, results);
  }
  return results;
}

/**
 * One server, in which `leakWatch()` is switched on and off in turns: what it costs without the chance in which two processes
 * differ that do the same.
 * @param {Options & { turns: number }} options `rounds`: in each turn
 * @returns {Promise<Record<string, Result>>}
 */
async function measureSwitched({ node, name, turns, rounds, durationMs, connections, sockets, ...sizes }) {
  const client = start(node, 'client.js', [], 1);
  const children = [client];
  const results = { bare: { rounds: [], rss: [], idlePercent: [] }, watch: { rounds: [], rss: [], idlePercent: [] } };
  try {
    const server = await startServer(node, 'watch', name, sizes, children);
    const load = (ms) => ask(client, { job: 'load', port: server.port, connections, durationMs: ms });
    if (name === 'sockets') await openSockets(node, server.port, sockets, children);
    for (let turn = -1; turn < turns; turn++) {
      for (const variant of turn % 2 === 0 ? ['bare', 'watch'] : ['watch', 'bare']) {
        await ask(server.child, variant);
        await load(SWITCHED_MS);
        for (let round = 0; round < rounds; round++) {
          const measured = await measure(server, () => load(durationMs));
          if (turn >= 0) results[variant].rounds.push(measured); // the first turn warms up
        }
      }
    }
  } finally {
    for (const child of children) child.kill();
  }
  return results;
}

/** @param {Options} options @param {Record<string, Result>} results are added to */
async function measureServers({ node, name, variants, rounds, durationMs, connections, sockets, idleMs, ...sizes }, results) {
  const client = start(node, 'client.js', [], 1);
  const children = [client];
  try {
    const servers = await Promise.all(variants.map((variant) => startServer(node, variant, name, sizes, children)));
    const load = (server, ms) => ask(client, { job: 'load', port: server.port, connections, durationMs: ms });
    if (name === 'sockets') for (const { port } of servers) await openSockets(node, port, sockets, children);
    // In turns as well: one that rests while the others warm up is another one when it is measured.
    for (let ms = 0; ms < WARM_UP_MS; ms += durationMs) for (const server of servers) await load(server, durationMs);
    for (let round = 0; round < rounds; round++) {
      // Each variant stands in each place of the order.
      for (let n = 0; n < variants.length; n++) {
        const at = (n + round) % variants.length;
        results[variants[at]].rounds.push(await measure(servers[at], () => load(servers[at], durationMs)));
      }
    }
    for (const [n, variant] of variants.entries()) results[variant].rss.push((await ask(servers[n].child, 'collect')).rss);
    const idle = await idlePercents(servers, idleMs);
    for (const [n, percents] of idle.entries()) results[variants[n]].idlePercent.push(...percents);
  } finally {
    for (const child of children) child.kill();
  }
}

function start(node, file, args, core, youngMegabytes = YOUNG_MB) {
  const execArgv = ['--no-warnings', '--expose-gc', `--min-semi-space-size=${youngMegabytes}`, `--max-semi-space-size=${youngMegabytes}`];
  const child = fork(path.join(__dirname, file), args, { execPath: node, execArgv });
  if (canPin) spawnSync('taskset', ['-a', '-p', '-c', String(core), String(child.pid)], { stdio: 'ignore' });
  return child;
}

async function startServer(node, variant, name, { megabytes, youngMegabytes }, children) {
  const child = start(node, 'server.js', [variant, name, String(megabytes)], 0, youngMegabytes);
  children.push(child);
  const { port } = await answerOf(child);
  return { child, port };
}

/** A process of its own for each server: descriptors are limited. */
async function openSockets(node, port, sockets, children) {
  const child = start(node, 'client.js', [], 1);
  children.push(child);
  await ask(child, { job: 'open', port, sockets });
}

/** Processor time tells more than throughput when the machine is busy with something else. */
async function measure(server, load) {
  const before = await usageOf(server);
  const { requests, perSecond, p99Ms } = await load();
  const after = await usageOf(server);
  return { perSecond, p99Ms, cpuMicros: ((after.cpuMs - before.cpuMs) * 1000) / requests };
}

/** Of one core, while nothing is asked of anybody: of each server, piece by piece. @returns {Promise<number[][]>} */
async function idlePercents(servers, idleMs) {
  if (idleMs === 0) return [];
  await sleep(SETTLE_MS);
  const used = [await Promise.all(servers.map(usageOf))];
  for (let n = 0; n < idleMs / IDLE_PIECE_MS; n++) {
    await sleep(IDLE_PIECE_MS);
    used.push(await Promise.all(servers.map(usageOf)));
  }
  return servers.map((_, at) => used.slice(1).map((after, n) => ((after[at].cpuMs - used[n][at].cpuMs) / IDLE_PIECE_MS) * 100));
}

function usageOf({ child }) {
  return ask(child, 'usage');
}

function ask(child, message) {
  child.send(message);
  return answerOf(child);
}

/** What a process says next. Fails when it ends instead. @returns {Promise<any>} */
async function answerOf(child) {
  const waiting = new AbortController();
  const ended = once(child, 'exit', waiting).then(([code, signal]) => {
    throw new Error(`${child.spawnargs.slice(-4).join(' ')} ended (${signal ?? code}) instead of answering`);
  });
  try {
    const [answer] = await Promise.race([once(child, 'message', waiting), ended]);
    return answer;
  } finally {
    waiting.abort();
  }
}

module.exports = { WARM_UP_MS, YOUNG_MB, answerOf, ask, canPin, measure, measureCase, measureSwitched, start, startServer };

/** @typedef {{ node: string, name: string, variants: string[], rounds: number, durationMs: number, connections: number, sockets: number, megabytes: number, youngMegabytes?: number, idleMs: number }} Options `rounds`: with each server */
/** @typedef {{ perSecond: number, p99Ms: number, cpuMicros: number }} Round */
/** @typedef {{ rounds: Round[], rss: number[], idlePercent: number[] }} Result `rss` in bytes: of each server; `rounds` and `idlePercent`: of one after another, several of each */
