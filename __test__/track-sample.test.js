'use strict';
// How many of many are taken, on a clock of the test's own.
const test = require('node:test');
const assert = require('node:assert/strict');
const { AsyncLocalStorage } = require('node:async_hooks');
const { EventEmitter } = require('node:events');
const http = require('node:http');
const { setTimeout: sleep } = require('node:timers/promises');
const { LeakWatchRequest } = require('../lib/track/contexts.js');
const { createTracker } = require('../lib/track/index.js');
const { Sample } = require('../lib/track/sample.js');

let atMs = 0;
const clock = () => atMs;

/** How many are taken of those that come in one second. */
function takenOf(sample, count) {
  let taken = 0;
  for (let n = 0; n < count; n++) {
    atMs += 1000 / count;
    if (sample.take()) taken += 1;
  }
  return taken;
}

const closeTo = (expected, seen) => assert.ok(seen > expected * 0.7 && seen < expected * 1.3, `${seen}, not about ${expected}`);

test('takes all while there are few, and about as many as it may of more', () => {
  const sample = new Sample(200, 200, clock);
  for (let second = 0; second < 5; second++) assert.equal(takenOf(sample, 150), 150);
  takenOf(sample, 20_000); // it learns how many come
  for (let second = 0; second < 5; second++) closeTo(200, takenOf(sample, 20_000));
});

test('takes fewer of more than it takes all of, and more again when asked to', () => {
  const sample = new Sample(200, 40, clock);
  for (let second = 0; second < 5; second++) assert.equal(takenOf(sample, 150), 150);
  const takenIn5 = () => [1, 2, 3, 4, 5].reduce((taken) => taken + takenOf(sample, 20_000), 0);
  takenOf(sample, 20_000); // it learns how many come
  closeTo(5 * 40, takenIn5());
  sample.ofMore = 200;
  takenOf(sample, 20_000);
  closeTo(5 * 200, takenIn5());
  sample.ofMore = 40;
  takenOf(sample, 20_000);
  closeTo(5 * 40, takenIn5());
  for (let look = 0; look < 3; look++) {
    takenOf(sample, 150);
    sample.refresh();
  }
  assert.equal(takenOf(sample, 150), 150);
});

test('a burst is met within the second', () => {
  const sample = new Sample(200, 200, clock);
  takenOf(sample, 10);
  assert.ok(takenOf(sample, 50_000) < 1000);
});

test('what comes after a rest is soon known for as many as it is', () => {
  const sample = new Sample(200, 200, clock);
  let taken = 0;
  for (let turn = 0; turn < 10; turn++) {
    taken += takenOf(sample, 30_000);
    atMs += 3000;
    if (turn % 2 === 0) sample.refresh();
  }
  assert.ok(taken < 10 * 300, `${taken} in ten seconds`);
});

test('takes all again when fewer come', () => {
  const sample = new Sample(200, 200, clock);
  for (let second = 0; second < 3; second++) takenOf(sample, 50_000);
  assert.ok(takenOf(sample, 100) < 20);
  for (let look = 0; look < 3; look++) {
    sample.refresh();
    takenOf(sample, 100);
  }
  sample.refresh();
  assert.equal(takenOf(sample, 100), 100);
});

test('two kinds that come by turns are taken alike', () => {
  const sample = new Sample(200, 200, clock);
  takenOf(sample, 10_000);
  const taken = [0, 0];
  for (let n = 0; n < 200_000; n++) {
    atMs += 0.1;
    if (sample.take()) taken[n % 2] += 1;
  }
  closeTo(2000, taken[0]);
  closeTo(2000, taken[1]);
});

test('what is taken stands for all that came', () => {
  const sample = new Sample(200, 200, clock);
  let stoodFor = 0;
  let last = 0;
  for (let n = 1; n <= 100_000; n++) {
    atMs += 0.05;
    if (n % 30_000 === 0) sample.refresh();
    const standsFor = sample.passes() ? 0 : sample.take();
    stoodFor += standsFor;
    if (standsFor > 0) last = n;
    assert.equal(sample.seen, n);
    if (standsFor > 0) assert.equal(stoodFor, n);
  }
  assert.ok(last > 99_000, String(last));
});

test('without a limit all are taken', () => {
  assert.equal(takenOf(new Sample(Infinity, Infinity, clock), 100_000), 100_000);
});

test('of many requests few get a context', async (t) => {
  const run = t.mock.method(AsyncLocalStorage.prototype, 'run');
  const tracker = createTracker({});
  tracker.countRequests({ contextsPerSecond: 5, samplesPerSecond: 1 });
  const server = http.createServer((request, response) => void response.end());
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const ask = () => new Promise((resolve, reject) => http.get({ port, host: '127.0.0.1' }, (answer) => answer.resume().on('end', resolve)).on('error', reject));
  for (let n = 0; n < 300; n++) await ask();
  tracker.stop();
  server.close();
  assert.equal(tracker.requests(), 300);
  const marked = run.mock.calls.filter(({ arguments: [store] }) => store instanceof LeakWatchRequest).length;
  assert.ok(marked >= 5 && marked < 150, `${marked} of 300`);
});

test('a busy server tells of a part of its requests who creates what, a test run of each', (t) => {
  const requests = 20_000;
  for (const [share, isEach] of /** @type {[number, boolean][]} */ ([[0.01, false], [1, true]])) {
    const run = t.mock.method(AsyncLocalStorage.prototype, 'run');
    const tracker = createTracker({ share });
    tracker.countRequests({ contextsPerSecond: 0, samplesPerSecond: 10_000 });
    tracker.follow('requests');
    const server = http.createServer();
    const responses = Array.from({ length: requests }, () => new EventEmitter());
    for (const response of responses) server.emit('request', { httpVersionMajor: 1 }, response);
    tracker.stop();
    const marked = run.mock.calls.filter(({ arguments: [store] }) => store instanceof LeakWatchRequest).length;
    run.mock.restore();
    assert.equal(tracker.requests(), requests);
    assert.ok(responses.every((response) => response.listenerCount('close') === 0));
    if (isEach) assert.equal(marked, requests);
    else assert.ok(marked >= 100 && marked < requests / 4, `${marked} of ${requests}`);
  }
});

/** Requests by turns for two routes, 2,000 each hundredth of a second at most: how many were looked at, and what is told of them. */
async function serveMany(t, requests, samplesPerSecond) {
  let looked = 0;
  const on = t.mock.method(EventEmitter.prototype, 'on', function (...args) {
    if (args[0] === 'close') looked += 1;
    return EventEmitter.prototype.addListener.apply(this, args);
  });
  const tracker = createTracker({ share: 0.01 });
  tracker.countRequests({ contextsPerSecond: 0, samplesPerSecond });
  const server = http.createServer();
  for (let n = 0; n < requests; n++) {
    if (n % 2000 === 0) await sleep(10);
    const response = new EventEmitter();
    server.emit('request', { method: 'GET', url: n % 4 === 0 ? '/rare' : '/often', httpVersionMajor: 1 }, response);
    response.emit('close');
  }
  const { 'GET /rare': rare, 'GET /often': often } = tracker.routes();
  tracker.stop();
  on.mock.restore();
  assert.equal(tracker.requests(), requests);
  return { looked, rare, often };
}

test('of a busy server routes are told by a sample, and their sum is what came', async (t) => {
  const requests = 100_000;
  const { looked, rare, often } = await serveMany(t, requests, 2000);
  assert.ok(looked >= 2000 && looked < requests / 2, `${looked} looked at`);
  assert.ok(rare + often > requests * 0.9 && rare + often <= requests, `${rare} + ${often}`);
  assert.ok(rare > requests * 0.18 && rare < requests * 0.32, `${rare} of ${requests / 4}`);
});

test('as many are looked at as are to be looked at again', async (t) => {
  assert.deepEqual(await serveMany(t, 8000, 10_000), { looked: 8000, rare: 2000, often: 6000 });
});

test('as many are looked at again as are to be, with a context or without', () => {
  const tracker = createTracker({ share: 0.01, collections: 0 });
  tracker.countRequests({ contextsPerSecond: 5, samplesPerSecond: 10_000 });
  const server = http.createServer();
  const kept = Array.from({ length: 300 }, () => ({ method: 'GET', url: '/kept', httpVersionMajor: 1 }));
  for (const request of kept) {
    const response = new EventEmitter();
    server.emit('request', request, response);
    response.emit('close');
  }
  const survivors = tracker.groups().filter(({ kind }) => kind === 'request');
  tracker.stop();
  assert.equal(survivors.reduce((sum, { count }) => sum + count, 0), kept.length);
});

test('listeners get the arguments that were given, with a context and without', () => {
  for (const contextsPerSecond of [0, Infinity]) {
    const tracker = createTracker({});
    tracker.countRequests({ contextsPerSecond, samplesPerSecond: 1 });
    const server = http.createServer();
    for (const more of [[], ['head'], ['head', 'more', 'more still']]) {
      const given = [{ httpVersionMajor: 1 }, {}, ...more];
      let got = [];
      server.once('request', (...args) => (got = args));
      server.emit('request', ...given);
      assert.deepEqual(got, given);
    }
    tracker.stop();
  }
});
