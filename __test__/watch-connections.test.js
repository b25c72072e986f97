'use strict';
// Connections that pile up: by endpoint from the system's tables at once, by line and route once they grow.
const test = require('node:test');
const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const fixture = path.join(__dirname, 'fixtures', 'connections.js');
const line = fs.readFileSync(fixture, 'utf8').split('\n').findIndex((text) => text.includes('// leak: connection')) + 1;

test('connections that are never closed', { skip: process.platform !== 'linux' && 'needs the system\'s socket tables' }, () => {
  const child = spawnSync(process.env.TEST_NODE || process.execPath, [fixture], { encoding: 'utf8', timeout: 60_000 });
  assert.equal(child.status, 0, child.stderr);
  const { unlocated, located } = JSON.parse(child.stdout);
  assert.deepEqual([unlocated.kind, unlocated.holder, unlocated.site], ['socket', 'Socket', []]);
  assert.ok(unlocated.count > 5);
  const opened = located.reduce((sum, { count }) => sum + count, 0);
  assert.ok(opened > located.find(({ site }) => site.length > 0).count, 'those opened before still count');
  const [group] = located.filter(({ site }) => site.length > 0);
  assert.deepEqual([group.kind, group.site[0].file, group.site[0].line], ['socket', fixture, line]);
  assert.equal(group.routes[0].route, 'GET /orders/:id');
});
