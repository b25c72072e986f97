'use strict';
// Requests outside Express: method and first path segment name the route, and what a request leaves behind is its.
const test = require('node:test');
const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const path = require('node:path');

const NODE = process.env.TEST_NODE || process.execPath;
const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

test('http, https, http2 and upgrades', { skip: !hasOpenssl && 'needs openssl for a certificate' }, () => {
  const child = spawnSync(NODE, [path.join(__dirname, 'fixtures', 'servers.js')], { encoding: 'utf8', timeout: 60_000 });
  assert.equal(child.status, 0, child.stderr);
  const { timers, routes, requests } = JSON.parse(child.stdout);
  const expected = {
    'GET /plain': 2,
    'GET /': 1,
    'POST /continue': 1,
    'WS /game': 2,
    'GET /secure': 1,
    'GET /second': 2,
    'GET /aborted': 1,
  };
  assert.deepEqual(routes, expected);
  assert.equal(requests, 10);
  // One line forgets them all; who called it is told apart by the rest of the stack and by the route.
  const left = Object.fromEntries(timers.flatMap((group) => group.routes).map(({ route, count }) => [route, count]));
  assert.deepEqual(left, expected);
});
