'use strict';
// Which counts are worth creation stacks: fast and slow leaks, and no load that comes and goes.
const test = require('node:test');
const assert = require('node:assert/strict');
const { Trend } = require('../lib/monitor/trend.js');

/** How many readings pass before a count is said to grow; undefined if it never is. */
function seenAfter(countAt, readings) {
  const trend = new Trend();
  for (let n = 0; n < readings; n++) {
    trend.push(countAt(n));
    if (trend.grows) return n + 1;
  }
  return undefined;
}

test('three more at each reading are seen after three windows of four', () => assert.equal(seenAfter((n) => 100 + 3 * n, 100), 12));

test('a slower leak is seen in longer windows', () => {
  const after = [1, 1 / 4, 1 / 16].map((step) => seenAfter((n) => 100 + Math.floor(n * step), 5_000));
  assert.deepEqual(after, [48, 192, 768]);
});

test('a slow leak below a load that comes and goes is seen', () => {
  const load = (n) => (n % 3 === 0 ? 20 : 0);
  assert.equal(seenAfter((n) => load(n) + n / 8, 5_000), 768);
});

test('load that comes and goes, a pool that fills and a count that stands still are not', () => {
  const visitors = (n) => 500 + Math.round(400 * Math.sin(n / 2));
  const pool = (n) => 100 + Math.min(11, n);
  for (const countAt of [visitors, pool, () => 7]) assert.equal(seenAfter(countAt, 5_000), undefined);
});

test('what has stopped growing is let go', () => {
  const trend = new Trend();
  for (let n = 0; n < 1_000; n++) trend.push(n);
  assert.ok(trend.grows);
  for (let n = 0; n < 3 * 64; n++) trend.push(1_000);
  assert.equal(trend.grows, true);
  for (let n = 0; n < 9 * 64; n++) trend.push(1_000);
  assert.equal(trend.grows, false);
});
