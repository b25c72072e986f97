'use strict';
// leakWatch() in every kind of process: it works or says once why not, and never gets in the way.
const test = require('node:test');
const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const { EventEmitter } = require('node:events');
const fs = require('node:fs');
const http = require('node:http');
const os = require('node:os');
const path = require('node:path');
const leakWatch = require('leakwatch');
const native = require('../lib/native.js');

const root = path.join(__dirname, '..');
const NODE = process.env.TEST_NODE || process.execPath;
const major = Number(spawnSync(NODE, ['-p', 'process.versions.node'], { encoding: 'utf8' }).stdout.split('.')[0]);

/** Runs a program inside the package, so that it can import leakwatch by its name. */
function run(code, { flags = [], extension = 'cjs' } = {}) {
  const folder = fs.mkdtempSync(path.join(root, '__test__', '.run-'));
  try {
    const file = path.join(folder, `program.${extension}`);
    fs.writeFileSync(file, code);
    const child = spawnSync(NODE, [...flags, file], { cwd: folder, encoding: 'utf8', timeout: 30_000 });
    return { status: child.status, signal: child.signal, out: child.stdout.trim(), err: child.stderr };
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** A server that answers one request through the middleware and ends. */
const serveOnce = `
  const server = require('express')().use(leakWatch()).get('/x', (req, res) => res.end('served')).listen(0, '127.0.0.1', async () => {
    const response = await fetch('http://127.0.0.1:' + server.address().port + '/x', { headers: { connection: 'close' } });
    console.log(await response.text());
    const { verdict, routes } = await leakWatch().report();
    console.log(verdict, JSON.stringify(routes));
    server.close();
  });`;
const served = (count) => `served\nundecided ${JSON.stringify(count ? [{ route: 'GET /x', requests: count }] : [])}`;

test('a process with nothing else to do ends', () => {
  const { status, err } = run(`require('leakwatch')(); require('leakwatch')({}).checkpoint('a');`);
  assert.equal(status, 0);
  assert.equal(err, '');
});

test('CommonJS: the package is the middleware, and has the names', () => {
  const { out, err } = run(`
    const leakWatch = require('leakwatch');
    const { leakWatch: named, takeSnapshot, checkpoint, resources, LeakWatchError } = leakWatch;
    console.log(named === leakWatch, [takeSnapshot, checkpoint, resources, LeakWatchError].map((f) => typeof f).join());
    ${serveOnce}`);
  assert.equal(out, `true function,function,function,function\n${served(1)}`, err);
});

test('ES modules: default and names', () => {
  const { out, err } = run(`
    import leakWatch, { leakWatch as named, takeSnapshot, checkpoint, resources, LeakWatchError } from 'leakwatch';
    import express from 'express';
    console.log(named === leakWatch, [takeSnapshot, checkpoint, resources, LeakWatchError].map((f) => typeof f).join());
    const app = express().use(leakWatch());
    console.log(leakWatch() === named(), Array.isArray(resources()));
    leakWatch().stop();`, { extension: 'mjs' });
  assert.equal(out, 'true function,function,function,function\ntrue true', err);
});

test('two copies of the package make one watch', () => {
  const copy = fs.mkdtempSync(path.join(os.tmpdir(), 'leakwatch-copy-'));
  for (const part of ['lib', 'native', 'package.json']) fs.cpSync(path.join(root, part), path.join(copy, part), { recursive: true });
  const { out, err } = run(`
    const first = require('leakwatch')();
    const second = require(${JSON.stringify(copy)})();
    console.log(first === second);
    second.stop();
    console.log(require('leakwatch')() === first);`);
  fs.rmSync(copy, { recursive: true });
  assert.equal(out, 'true\nfalse', err);
});

test('a worker thread has a watch of its own', () => {
  const { status, out, err } = run(`
    const { Worker, isMainThread } = require('node:worker_threads');
    const leakWatch = require('leakwatch');
    if (isMainThread) {
      const watch = leakWatch();
      new Worker(__filename).on('exit', (code) => { console.log('worker', code, leakWatch() === watch); watch.stop(); });
    } else {
      ${serveOnce}
    }`);
  assert.deepEqual([status, out], [0, `${served(1)}\nworker 0 true`], err);
});

test('cluster: each worker watches itself', () => {
  const { status, out, err } = run(`
    const cluster = require('node:cluster');
    const leakWatch = require('leakwatch');
    if (cluster.isPrimary) {
      leakWatch();
      for (let n = 0; n < 2; n++) cluster.fork();
      let left = 2;
      cluster.on('message', (worker, message) => { console.log(message); worker.disconnect(); if (--left === 0) leakWatch().stop(); });
    } else {
      require('express')().use(leakWatch()).listen(0, '127.0.0.1', async () => process.send((await leakWatch().report()).process.pid === process.pid));
    }`);
  assert.deepEqual([status, out], [0, 'true\ntrue'], err);
});

test('without the right to load native code: one clear warning, and the app runs', () => {
  const flag = major < 23 ? '--experimental-permission' : '--permission';
  const { status, out, err } = run(`const leakWatch = require('leakwatch'); leakWatch(); ${serveOnce.replace(/await fetch[^;]*;/, '{ text: () => \'served\' };')}`, {
    flags: [flag, '--allow-fs-read=*', ...(major >= 25 ? ['--allow-net'] : [])],
  });
  assert.equal(status, 0, err);
  assert.equal(out, served(0));
  assert.equal(err.match(/\[LEAKWATCH_DEGRADED\]/g)?.length, 1, err);
  assert.match(err, /--allow-addons/);
});

test('frozen intrinsics', () => {
  // Express itself does not start there: its dependency depd sets Error.prepareStackTrace.
  const { status, out, err } = run(`
    const http = require('node:http');
    const watch = require('leakwatch')({ track: 'all' });
    const timer = require('node:timers').setTimeout(() => {}, 60_000);
    const server = http.createServer((req, res) => watch(req, res, () => res.end('served'))).listen(0, '127.0.0.1', async () => {
      const response = await fetch('http://127.0.0.1:' + server.address().port + '/x/1', { headers: { connection: 'close' } });
      console.log(await response.text(), watch.resources().some(({ name }) => name === 'setTimeout'));
      console.log(JSON.stringify((await watch.report()).routes));
      clearTimeout(timer);
      server.close();
    });`, { flags: ['--frozen-intrinsics'] });
  assert.equal(status, 0, err);
  assert.equal(out, 'served true\n[{"route":"GET /x","requests":1}]', err);
  assert.equal(err.match(/\[LEAKWATCH_DEGRADED\]/g)?.length, 1, err);
  assert.match(err, /cannot see where things are created/);
});

test('readings that are missing are said once', async () => {
  const { readProcess } = native;
  const warnings = [];
  const note = (warning) => warnings.push([warning.name, warning.code, warning.message]);
  process.on('warning', note);
  native.readProcess = () => ({ reason: 'there is no /proc here' });
  const watch = leakWatch();
  leakWatch();
  native.readProcess = readProcess;
  watch.stop();
  await new Promise((resolve) => setImmediate(resolve));
  process.off('warning', note);
  assert.equal(warnings.length, 1);
  assert.deepEqual(warnings[0].slice(0, 2), ['LeakWatchWarning', 'LEAKWATCH_DEGRADED']);
  assert.match(warnings[0][2], /there is no \/proc here/);
});

for (const [options, message] of [
  [5, /options must be an object, not 5/],
  [null, /options must be an object, not null/],
  [{ intervalMs: '5s' }, /intervalMs must be a whole number from 100 to 3600000, not "5s"/],
  [{ intervalMs: 1 }, /intervalMs .* not 1/],
  [{ history: 1.5 }, /history must be a whole number from 16/],
  [{ track: 'some' }, /track must be "auto" or "all", not "some"/],
  [{ contexts: 'yes' }, /contexts must be "auto" or true or false, not "yes"/],
  [{ survivorsPerSecond: -1 }, /survivorsPerSecond must be a whole number from 0/],
  [{ interval: 5 }, /has no option "interval"\. It has intervalMs, history, track, contexts, survivorsPerSecond/],
]) {
  test(`wrong options: ${JSON.stringify(options)}`, () => {
    assert.throws(() => leakWatch(options), { name: 'LeakWatchError', code: 'ERR_LEAKWATCH_OPTION', message });
    assert.ok(!(Symbol.for('leakwatch.watch') in globalThis));
  });
}

test('wrong use of the handle', () => {
  const watch = leakWatch();
  assert.throws(() => watch.on('leaks', () => {}), { code: 'ERR_LEAKWATCH_OPTION', message: /no event "leaks"\. It has "leak"/ });
  assert.throws(() => watch.once('leak'), { code: 'ERR_LEAKWATCH_OPTION' });
  assert.throws(() => watch.checkpoint(''), { code: 'ERR_LEAKWATCH_OPTION' });
  assert.throws(() => leakWatch.checkpoint(5), { code: 'ERR_LEAKWATCH_OPTION' });
  watch.stop();
  watch.stop();
});

test('other options on a later call are told, not obeyed', async () => {
  const watch = leakWatch({ intervalMs: 1000 });
  const warning = new Promise((resolve) => process.once('warning', resolve));
  assert.equal(leakWatch({ intervalMs: 2000 }), watch);
  assert.equal((await warning).code, 'LEAKWATCH_ALREADY_WATCHING');
  assert.equal(watch.settings.intervalMs, 1000);
  watch.stop();
});

test('the middleware calls next, once, with nothing, also when stopped', () => {
  const watch = leakWatch();
  const calls = [];
  watch({}, {}, (...args) => calls.push(args));
  watch.stop();
  watch(null, null, (...args) => calls.push(args));
  assert.deepEqual(calls, [[], []]);
});

test('strange requests do not disturb the server', () => {
  const watch = leakWatch();
  const served = [];
  const server = http.createServer((request) => served.push(request));
  const hostile = { get route() { throw new Error('no'); } };
  const requests = [hostile, {}, { route: null }, { route: { path: 5 } }, { method: null, url: null }, undefined];
  for (const request of requests) {
    const response = new EventEmitter();
    server.emit('request', request, response);
    response.emit('close');
    server.emit('request', request, {});
    server.emit('request', request);
  }
  watch.stop();
  assert.deepEqual(served, requests.flatMap((request) => [request, request, request]));
});
