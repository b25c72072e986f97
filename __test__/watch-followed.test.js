'use strict';
// What grows and is not among what Node counts: a watch sees it all the same, and says which line and which route.
const test = require('node:test');
const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const fixture = path.join(__dirname, 'fixtures', 'followed.js');
const lines = fs.readFileSync(fixture, 'utf8').split('\n');

for (const [kind, name] of [['signal', 'listener abort'], ['worker', 'worker Worker']]) {
  test(`${kind}: by line and route`, () => {
    const alive = JSON.parse(execFileSync(process.env.TEST_NODE || process.execPath, ['--no-warnings', fixture, kind], { encoding: 'utf8', timeout: 90_000 }));
    const lineOf = (side) => lines.findIndex((text) => text.includes(`// ${side}: ${kind}`)) + 1;
    const leak = alive.find((group) => `${group.kind} ${group.name}` === name && group.site[0].line === lineOf('leak'));
    assert.ok(leak.count > 12, JSON.stringify(alive));
    assert.deepEqual(leak.routes.map(({ route }) => route), ['GET /leak/:id']);
    const healthy = alive.filter(({ site }) => site[0].line === lineOf('healthy'));
    assert.ok(healthy.every(({ count }) => count < leak.count / 2), JSON.stringify(healthy));
  });
}
