'use strict';
// What requests hold dies in V8's next minor collection, followed or not: else each would be moved to the old generation.
const test = require('node:test');
const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const path = require('node:path');
const { nodes } = require('./fixtures/nodes.js');

const PAYLOAD_BYTES = 400_000;
const fixture = path.join(__dirname, 'fixtures', 'young.js');

for (const { node, version } of nodes()) {
  test(`requests with a context, and in the sample of survivors, on Node ${version}`, () => {
    const { context, survivor, control } = JSON.parse(execFileSync(node, ['--expose-gc', '--min-semi-space-size=16', fixture, String(PAYLOAD_BYTES)], { encoding: 'utf8', timeout: 60_000 }));
    assert.ok(control >= PAYLOAD_BYTES, `${control} bytes of what is held`);
    assert.ok(context < PAYLOAD_BYTES / 2, `${context} bytes behind a context`);
    assert.ok(survivor < PAYLOAD_BYTES / 2, `${survivor} bytes behind a survivor's sample`);
  });
}
