'use strict';
const assert = require('node:assert/strict');
const { test } = require('node:test');
const { QUICK, leakwatch } = require('./helpers/leakwatch.js');

test('an ES module sends the traffic: numbered from the start, round 0 while warming up', async () => {
  const { code, stderr } = await leakwatch(['test', 'healthy.js', '--traffic', 'traffic.mjs', ...QUICK]);
  assert.notEqual(code, 3, stderr);
  const calls = JSON.parse(/CALLS (.*)/.exec(stderr)?.[1] ?? 'null');
  assert.deepEqual(calls.slice(0, 4), [
    { round: 0, start: 0, count: 5, port: true },
    { round: 1, start: 5, count: 5, port: true },
    { round: 2, start: 10, count: 5, port: true },
    { round: 3, start: 15, count: 5, port: true },
  ]);
});

test('a traffic module that throws: where, and that it was the module', async () => {
  const { code, stderr } = await leakwatch(['test', 'healthy.js', '--traffic', 'traffic-fails.js', ...QUICK]);
  assert.match(stderr, /traffic module .*traffic-fails\.js failed in round 2: Error: no more tickets\n.*traffic-fails\.js:3/);
  assert.equal(code, 3);
});

test('a traffic module that throws from a timer', async () => {
  const { code, stderr } = await leakwatch(['test', 'healthy.js', '--traffic', 'traffic-fails-later.js', ...QUICK]);
  assert.match(stderr, /failed outside the traffic function: Error: from a timer/);
  assert.equal(code, 3);
});

test('a traffic module without a function', async () => {
  const { code, stderr } = await leakwatch(['test', 'healthy.js', '--traffic', 'traffic-empty.js', ...QUICK]);
  assert.match(stderr, /exports no function. Expected 'export async function traffic/);
  assert.equal(code, 3);
});

test('a request that never succeeds is said so', async () => {
  const { code, stderr } = await leakwatch(['test', 'healthy.js', '--request', 'GET /', '--request', 'GET /nowhere', ...QUICK]);
  assert.match(stderr, /GET \/nowhere never succeeded: 404 \(\d+ times\)/);
  assert.doesNotMatch(stderr, /GET \/ never/);
  assert.notEqual(code, 3);
});

test('an app that refuses every request is not called healthy', async () => {
  const { code, stdout } = await leakwatch(['test', 'healthy.js', '--request', 'GET /nowhere', ...QUICK]);
  assert.match(stdout, /^UNDECIDED {2}the app refused every request, after \d+ requests/);
  assert.doesNotMatch(stdout, /was asked/);
  assert.equal(code, 2);
});

test('a verdict on an app of which one route was asked says which', async () => {
  const one = await leakwatch(['test', 'healthy.js', ...QUICK]);
  assert.match(one.stdout, /only GET \/ was asked: --request and --traffic ask\s+other routes/);
  const two = await leakwatch(['test', 'healthy.js', '--request', 'GET /', '--request', 'GET /nowhere', ...QUICK]);
  assert.doesNotMatch(two.stdout, /was asked/);
});
