'use strict';
// Everything that is patched is exactly what it was once tracking stops, in whatever order others patch and unpatch.
const test = require('node:test');
const assert = require('node:assert/strict');
const diagnostics = require('node:diagnostics_channel');
const events = require('node:events');
const fs = require('node:fs');
const http = require('node:http');
const http2 = require('node:http2');
const https = require('node:https');
const timers = require('node:timers');
const timersPromises = require('node:timers/promises');
const { createTracker } = require('../lib/track/index.js');
const leakWatch = require('..');

const everything = { stacks: true, timers: true, listeners: true, handles: true, files: true, requests: true };
const patched = {
  globalThis, timers, timersPromises, events, fs, AbortSignal, Error, http2,
  promises: fs.promises,
  scheduler: Object.getPrototypeOf(timersPromises.scheduler),
  EventEmitter: events.EventEmitter.prototype,
  EventTarget: EventTarget.prototype,
  ReadStream: fs.ReadStream.prototype,
  WriteStream: fs.WriteStream.prototype,
  Server: http.Server.prototype,
  SecureServer: https.Server.prototype,
  ServerResponse: http.ServerResponse.prototype,
  Http2ServerResponse: http2.Http2ServerResponse.prototype,
  process,
};

/** Every own property of everything that could be patched, and what listens to the process. */
function photograph() {
  const picture = Object.entries(patched).map(([name, object]) => [name, Object.getOwnPropertyDescriptors(object)]);
  return {
    ...Object.fromEntries(picture),
    warnings: process.listeners('warning'),
    subscribers: diagnostics.channel('http.server.response.finish').hasSubscribers,
    watch: Symbol.for('leakwatch.watch') in globalThis,
  };
}

// A first look and a first use make Node define what it defines lazily.
photograph();
new AbortController().abort();

function assertSame(before, after) {
  for (const [name, properties] of Object.entries(before)) {
    assert.deepEqual(Reflect.ownKeys(Object(after[name])), Reflect.ownKeys(Object(properties)), name);
  }
  for (const name of Object.keys(patched)) {
    for (const key of Reflect.ownKeys(before[name])) {
      for (const field of ['value', 'get', 'set', 'writable', 'enumerable', 'configurable']) {
        // A counter that moves by itself is not a patch.
        const [was, is] = [before[name][key][field], after[name][key][field]];
        if (typeof was === 'function' || typeof is === 'function' || field !== 'value') assert.ok(Object.is(was, is), `${name}.${String(key)}.${field}`);
      }
    }
  }
  assert.deepEqual(after.warnings, before.warnings);
  assert.equal(after.subscribers, before.subscribers);
  assert.equal(after.watch, before.watch);
}

test('a tracker leaves nothing behind', () => {
  const before = photograph();
  const tracker = createTracker(everything);
  tracker.start();
  assert.notEqual(globalThis.setTimeout, before.globalThis.setTimeout.value);
  http2.createServer();
  const bus = new events.EventEmitter();
  for (let n = 0; n < 9; n++) bus.on('x', () => {});
  tracker.groups();
  tracker.stop();
  assertSame(before, photograph());
  assert.deepEqual(tracker.groups(), []);
});

for (const track of ['auto', 'all']) {
  test(`a watch leaves nothing behind, ${track}`, () => {
    const before = photograph();
    const watch = leakWatch({ track, intervalMs: 100 });
    const bus = new events.EventEmitter().setMaxListeners(0);
    for (let n = 0; n < 30; n++) bus.on('x', () => {});
    watch.stop();
    assertSame(before, photograph());
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
  assertSame(before, photograph());
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
  assertSame(before, photograph());
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
  assertSame(before, photograph());

  globalThis.setTimeout = fake;
  tracker.start();
  assert.equal(setTimeout(() => {}, 1).id, 1);
  assert.deepEqual(tracker.groups().filter(({ kind }) => kind === 'timer'), []);
  tracker.stop();
  assert.equal(globalThis.setTimeout, fake);
  globalThis.setTimeout = before.globalThis.setTimeout.value;
  assertSame(before, photograph());
});
