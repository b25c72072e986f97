'use strict';
// Listeners that pile up on a signal, which Node neither counts nor warns of: their line, and the route that adds them.
const test = require('node:test');
const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const fixture = path.join(__dirname, 'fixtures', 'signal.js');
const line = fs.readFileSync(fixture, 'utf8').split('\n').findIndex((text) => text.includes('// leak: signal')) + 1;

test('listeners on a signal are told with their line and route', () => {
  const told = JSON.parse(execFileSync(process.env.TEST_NODE || process.execPath, ['--no-warnings', fixture], { encoding: 'utf8', timeout: 90_000 }));
  assert.ok(told.length > 0, 'nothing was told');
  assert.deepEqual([...new Set(told.map(({ kind, createdAt }) => `${kind} ${createdAt[0].line}`))], [`listener ${line}`]);
  assert.deepEqual(told.at(-1).routes, ['GET /export/:table']);
});
