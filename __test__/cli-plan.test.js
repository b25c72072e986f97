'use strict';
const assert = require('node:assert/strict');
const { test } = require('node:test');
const { isExhausted, nextWarmupBatch, planRequests } = require('../lib/cli/plan.js');

const MB = 1024 * 1024;
const calm = { rss: 90 * MB, heapUsed: 8 * MB, fds: 20, heapLimit: 4096 * MB };

function warmupBatches(wanted, msPerRequest) {
  const batches = [];
  for (let sent = 0; ; ) {
    const batch = nextWarmupBatch({ sent, elapsedMs: sent * msPerRequest, wanted });
    if (batch === 0) return batches;
    batches.push(batch);
    sent += batch;
  }
}

test('the warm-up doubles, so that an app that keeps much is noticed early', () => {
  const batches = warmupBatches(null, 1);
  assert.deepEqual(batches.slice(0, 3), [20, 20, 40]);
  assert.equal(warmupBatches(1000, 50).reduce((sum, batch) => sum + batch), 1000, 'a wanted number is kept, however long it takes');
  assert.deepEqual(warmupBatches(7, 1), [7]);
});

test('the warm-up of a slow app is short', () => {
  const requests = warmupBatches(null, 100).reduce((sum, batch) => sum + batch);
  assert.ok(requests * 100 < 10_000, `${requests} requests`);
});

test('a round of a slow app takes about two seconds', () => {
  assert.equal(planRequests({ requestsPerSecond: 50, requests: 480, before: calm, after: calm }, 8), 100);
});

test('an app that keeps 10 MB a request gets few requests', () => {
  const after = { ...calm, rss: calm.rss + 4800 * MB };
  assert.equal(planRequests({ requestsPerSecond: 3000, requests: 480, before: calm, after }, 8), 10);
});

test('an app that keeps descriptors stays below their limit', () => {
  const after = { ...calm, fds: 20 + 480 * 5 };
  const perRound = planRequests({ requestsPerSecond: 3000, requests: 480, before: calm, after }, 8);
  assert.ok(perRound * 8 * 5 <= 8000, `${perRound} a round`);
});

test('a small heap limit bounds what the rounds may add', () => {
  const small = { ...calm, heapLimit: 40 * MB };
  const after = { ...small, heapUsed: small.heapUsed + 480 * 10_000 };
  const perRound = planRequests({ requestsPerSecond: 3000, requests: 480, before: small, after }, 8);
  assert.ok(perRound * 8 * 10_000 <= 10 * MB, `${perRound} a round`);
});

test('more traffic stops when memory runs out', () => {
  assert.equal(isExhausted(calm, 1024 * MB), false);
  assert.equal(isExhausted({ ...calm, rss: 700 * MB }, 1024 * MB), true);
  assert.equal(isExhausted({ ...calm, heapUsed: 70 * MB, heapLimit: 100 * MB }, 1024 * MB), true);
});
