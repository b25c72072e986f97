'use strict';
// What requests hold dies in V8's next minor collection, followed or not: else each would be moved to the old generation.
const test = require('node:test');
const assert = require('node:assert/strict');
const { EventEmitter } = require('node:events');
const v8 = require('node:v8');
const { Connections } = require('../lib/track/connections.js');
const { LeakWatchRequest } = require('../lib/track/contexts.js');
const { Survivors } = require('../lib/track/survivors.js');
const { collect } = require('./helpers/collect.js');

const PAYLOAD_BYTES = 50_000 * 8;

test('a response whose context was taken', async () => {
  const connections = new Connections(() => assert.fail('nothing was cut off'));
  const socket = new EventEmitter();
  connections.watch(socket);
  await collect(2); // the connection's own list is old now
  const kept = await keptBy(() => {
    const response = withPayload();
    connections.mark(socket, response, new LeakWatchRequest());
    assert.ok(connections.take(socket, response));
  });
  assert.ok(kept < PAYLOAD_BYTES / 2, `${kept} bytes`);
  connections.stop();
});

test('a request in the sample of survivors', async () => {
  const recorder = /** @type {any} */ ({ now: () => 1000, table: { remove() {} } });
  const survivors = new Survivors(recorder, { samplesPerSecond: 20, collections: 2 });
  await collect(2);
  const kept = await keptBy(() => survivors.offer(withPayload(), undefined, 1, false));
  assert.ok(kept < PAYLOAD_BYTES / 2, `${kept} bytes`);
  survivors.clear();
});

function withPayload() {
  return { payload: new Array(PAYLOAD_BYTES / 8).fill(0.5) };
}

/** Bytes that are still there after a minor collection, of what `use` makes. */
async function keptBy(use) {
  const before = v8.getHeapStatistics().used_heap_size;
  use();
  await new Promise(setImmediate); // what a WeakRef refers to stays until its job is over
  globalThis.gc({ type: 'minor' });
  return v8.getHeapStatistics().used_heap_size - before;
}
