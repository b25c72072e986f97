'use strict';
// The sampling of allocations while a proof is under way: others come first, and it leaves nothing behind.
const assert = require('node:assert/strict');
const inspector = require('node:inspector');
const { test } = require('node:test');
const { setTimeout: sleep } = require('node:timers/promises');
const { collect } = require('../lib/control/collect.js');
const { InspectorSession } = require('../lib/inspector/session.js');
const { AllocationSampler } = require('../lib/monitor/allocations.js');

/** @returns {boolean} whether V8 samples, for whomever */
function isSampling() {
  const session = new InspectorSession();
  try {
    return Boolean(session.samplingProfile());
  } catch (error) {
    assert.match(error.message, /was not started/);
    return false;
  } finally {
    session.end();
  }
}

/** Writes objects to the console. @returns {() => number} how many of them are alive */
function writeObjects() {
  const { write } = process.stdout;
  process.stdout.write = () => true;
  const written = Array.from({ length: 20 }, () => {
    const entry = { secret: Math.random() };
    console.log(entry);
    return new WeakRef(entry);
  });
  process.stdout.write = write;
  return () => written.filter((ref) => ref.deref()).length;
}

test('it samples from start to stop, and may be told either twice', () => {
  const sampler = new AllocationSampler();
  sampler.start();
  sampler.start();
  assert.equal(isSampling(), true);
  sampler.stop();
  sampler.stop();
  assert.equal(isSampling(), false);
});

test('what the app writes to the console is let go soon, and no session is left that would keep it', async () => {
  const sampler = new AllocationSampler();
  sampler.start();
  const during = writeObjects();
  for (let n = 0; n < 50 && during() > 0; n++) {
    await sleep(100);
    await collect();
  }
  assert.equal(during(), 0);
  const last = writeObjects();
  sampler.stop();
  const after = writeObjects();
  await collect();
  assert.deepEqual([last(), after()], [0, 0]);
});

test('somebody else who samples is left alone', () => {
  const theirs = new InspectorSession();
  theirs.startSampling(1024);
  const sampler = new AllocationSampler();
  sampler.start();
  sampler.stop();
  assert.equal(isSampling(), true);
  theirs.end();
  assert.equal(isSampling(), false);
});

test('it does not begin while somebody debugs, and ends when somebody begins to', async () => {
  inspector.open(0, '127.0.0.1');
  const sampler = new AllocationSampler();
  sampler.start();
  assert.equal(isSampling(), false);
  inspector.close();
  sampler.start();
  assert.equal(isSampling(), true);
  inspector.open(0, '127.0.0.1');
  for (let n = 0; n < 50 && isSampling(); n++) await sleep(100);
  assert.equal(isSampling(), false);
  inspector.close();
  sampler.stop();
});
