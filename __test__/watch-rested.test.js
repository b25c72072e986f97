'use strict';
// V8 shrinks the heap of a process that rests, and then drops code, unless nothing was ever allocated in its heap for embedders, which
// is where Node keeps scripts: the first requests after a rest took four times as long with a watch.
const test = require('node:test');
const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const path = require('node:path');
const { nodeBinary } = require('./nodes/install.js');

const fixture = path.join(__dirname, 'fixtures', 'rested.js');

// The first version that keeps scripts there, and tells what it holds.
test("a watch leaves V8's heap for embedders empty, on Node 24", () => {
  const { before, after, routes } = JSON.parse(execFileSync(nodeBinary('24'), [fixture], { encoding: 'utf8', timeout: 60_000 }));
  assert.deepEqual(routes, ['GET (unmatched)', 'GET /one', 'GET /other']);
  assert.equal(after, before);
});
