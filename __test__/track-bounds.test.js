'use strict';
// A million subjects that are made and dropped leave leakwatch's own tables empty.
const test = require('node:test');
const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const path = require('node:path');

const NODE = process.env.TEST_NODE || process.execPath;
const fixture = path.join(__dirname, 'fixtures', 'dropped.js');

for (const kind of ['timers', 'emitters', 'listeners', 'targets', 'requests', 'descriptors', 'handles']) {
  test(`dropped ${kind}`, () => {
    const child = spawnSync(NODE, ['--expose-gc', '--max-old-space-size=300', fixture, kind], { encoding: 'utf8', timeout: 120_000 });
    assert.equal(child.status, 0, child.stderr);
    const { made, most, left, groups } = JSON.parse(child.stdout);
    assert.ok(made >= 60_000, String(made));
    assert.deepEqual(groups, []);
    assert.equal(left, 0);
    // While they come and go, no more are remembered than V8 has not collected yet.
    assert.ok(most < 400_000, String(most));
  });
}
