'use strict';
// What `leakwatch test` has an app say of its heap.
const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');
const { Heap } = require('../lib/control/heap.js');

const TICK_MS = 10;

test('how long the app ran since the snapshot before counts what is waited for and collected before it is taken', async (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'leakwatch-heap-'));
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  const heap = new Heap();
  let ticks = 0;
  const timer = setInterval(() => (ticks += 1), TICK_MS);
  t.after(() => clearInterval(timer));
  await heap.snapshot({ path: path.join(folder, '1.heapsnapshot') });
  const before = ticks;
  const { elapsedMs } = await heap.snapshot({ path: path.join(folder, '2.heapsnapshot') });
  // A timer may come late, and never early: one comes while the file is closed, and Node rounds to milliseconds.
  assert.ok(ticks - before > 3, `only ${ticks - before} ticks`);
  assert.ok(elapsedMs >= (ticks - before - 2) * (TICK_MS - 1), `${ticks - before} ticks in ${elapsedMs} ms`);
});
