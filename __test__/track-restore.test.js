'use strict';
// Everything that is patched is exactly what it was once tracking stops, in whatever order others patch and unpatch.
const test = require('node:test');
const assert = require('node:assert/strict');
const events = require('node:events');
const { syncBuiltinESMExports } = require('node:module');
const timers = require('node:timers');
const http = require('node:http');
const http2 = require('node:http2');
const { createTracker } = require('../lib/track/index.js');
const { differences, photograph } = require('./helpers/photograph.js');
const leakWatch = require('..');

const everything = { stacks: true, timers: true, listeners: true, handles: true, files: true, streams: true, requests: true };

function assertSame(before) {
  assert.deepEqual(differences(before, photograph()), []);
  assert.ok(!(Symbol.for('leakwatch.watch') in globalThis));
}

test('a tracker leaves nothing behind', () => {
  const before = photograph();
  const tracker = createTracker(everything);
  tracker.start();
  assert.notEqual(globalThis.setTimeout, before.get('globalThis').get('setTimeout').value);
  http2.createServer();
  const bus = new events.EventEmitter();
  for (let n = 0; n < 9; n++) bus.on('x', () => {});
  tracker.groups();
  tracker.stop();
  assertSame(before);
  assert.deepEqual(tracker.groups(), []);
});

for (const track of ['auto', 'all']) {
  test(`a watch leaves nothing behind, ${track}`, () => {
    const before = photograph();
    const watch = leakWatch({ track, intervalMs: 100 });
    const bus = new events.EventEmitter().setMaxListeners(0);
    for (let n = 0; n < 30; n++) bus.on('x', () => {});
    watch.stop();
    assertSame(before);
  });
}

test('an emitter that was followed gets its own methods back', async () => {
  const watch = leakWatch();
  const bus = new events.EventEmitter();
  for (let n = 0; n < 11; n++) bus.on('x', () => {});
  await new Promise((resolve) => setImmediate(resolve)); // warnings come in the next tick
  assert.ok(Object.hasOwn(bus, 'on'));
  bus.on('x', () => {});
  watch.stop();
  assert.ok(!Object.hasOwn(bus, 'on') && !Object.hasOwn(bus, 'addListener') && !Object.hasOwn(bus, 'prependListener'));
  assert.equal(bus.listenerCount('x'), 12);
});

test('an open connection, its request and its response are as without a watch', async () => {
  const bare = await afterOneRequest();
  const watch = leakWatch({ contexts: true });
  const watched = await afterOneRequest(() => watch.stop());
  assert.deepEqual(watched, bare);
});

/** The own properties and the listeners of what one request leaves on a connection that stays open. */
async function afterOneRequest(then = () => {}) {
  let served;
  const server = http.createServer((request, response) => {
    served = [request.socket, request, response];
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await events.once(server, 'listening');
  const agent = new http.Agent({ keepAlive: true });
  const [response] = await events.once(http.get({ port: server.address().port, host: '127.0.0.1', agent }), 'response');
  await events.once(response.resume(), 'end');
  then();
  const left = served.map((object) => [Reflect.ownKeys(object), object.eventNames().map((name) => [name, object.listenerCount(name)])]);
  assert.ok(!served[0].destroyed);
  agent.destroy();
  server.close();
  return left;
}

test('ES modules see the patch come and go', async () => {
  const module = await import('node:timers');
  const original = module.setInterval;
  const tracker = createTracker(everything);
  tracker.start();
  assert.equal(module.setInterval, globalThis.setInterval);
  assert.notEqual(module.setInterval, original);
  tracker.stop();
  assert.equal(module.setInterval, original);
});

// Another instrumentation, in the manner of shimmer: keeps what it found and puts that back.
function shim(object, key, calls) {
  const found = object[key];
  const wrapper = function (...args) {
    calls.push(key);
    return found.apply(this, args);
  };
  object[key] = wrapper;
  return () => {
    if (object[key] === wrapper) object[key] = found;
  };
}

test('somebody who wraps later and leaves first', () => {
  const before = photograph();
  const tracker = createTracker(everything);
  tracker.start();
  const calls = [];
  const unshim = shim(globalThis, 'setTimeout', calls);
  clearTimeout(setTimeout(() => {}, 5));
  assert.deepEqual(calls, ['setTimeout']);
  unshim();
  tracker.stop();
  assertSame(before);
});

test('somebody who wraps later and stays', () => {
  const { setTimeout: original } = globalThis;
  const tracker = createTracker(everything);
  tracker.start();
  const calls = [];
  const unshim = shim(globalThis, 'setTimeout', calls);
  tracker.stop();
  const timer = setTimeout(() => {}, 60_000); // theirs, then ours that does nothing, then Node's
  assert.equal(timer.constructor.name, 'Timeout');
  assert.deepEqual(calls, ['setTimeout']);
  assert.deepEqual(tracker.groups(), []);
  clearTimeout(timer);
  unshim();
  globalThis.setTimeout = original;
});

test('somebody who wraps later and leaves last: the next call finds nothing of ours', async () => {
  const before = photograph();
  const module = await import('node:timers');
  const tracker = createTracker(everything);
  tracker.start();
  const unshim = shim(timers, 'setTimeout', []);
  syncBuiltinESMExports();
  tracker.stop();
  unshim();
  clearTimeout(timers.setTimeout(() => {}, 60_000));
  assertSame(before);
  assert.equal(module.setTimeout, globalThis.setTimeout);
});

test('following again and again below somebody who stays adds no layers', () => {
  const { setTimeout: original } = globalThis;
  const unshim = shim(globalThis, 'setTimeout', []);
  const theirs = globalThis.setTimeout;
  for (let n = 0; n < 50; n++) {
    const tracker = createTracker(everything);
    tracker.start();
    tracker.stop();
    assert.equal(globalThis.setTimeout, theirs);
  }
  unshim();
  assert.equal(globalThis.setTimeout, original);
});

test('somebody who wrapped before and leaves last', () => {
  const before = photograph();
  const calls = [];
  const unshim = shim(events.EventEmitter.prototype, 'on', calls);
  const tracker = createTracker(everything);
  tracker.start();
  new events.EventEmitter().on('x', () => {});
  assert.deepEqual(calls, ['on']);
  tracker.stop();
  unshim();
  assertSame(before);
});

test('fake timers over and under the patch', () => {
  const before = photograph();
  const fake = () => ({ id: 1, ref() {}, unref() {} });
  const tracker = createTracker(everything);
  tracker.start();
  const ours = globalThis.setTimeout;
  globalThis.setTimeout = fake;
  assert.equal(setTimeout(() => {}, 1).id, 1);
  globalThis.setTimeout = ours;
  tracker.stop();
  assertSame(before);

  globalThis.setTimeout = fake;
  tracker.start();
  assert.equal(setTimeout(() => {}, 1).id, 1);
  assert.deepEqual(tracker.groups().filter(({ kind }) => kind === 'timer'), []);
  tracker.stop();
  assert.equal(globalThis.setTimeout, fake);
  globalThis.setTimeout = before.get('globalThis').get('setTimeout').value;
  assertSame(before);
});
