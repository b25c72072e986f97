'use strict';
const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');
const { promisify } = require('node:util');
const { backgroundSupport } = require('../lib/capture.js');
const { nodes } = require('./fixtures/nodes.js');

const COUNT = Number(process.env.STRESS_SNAPSHOTS ?? 50);
/** Bytes that may stay in the heap: warm code, and little for each. */
const MOST_GROWTH = 4e6 + COUNT * 20e3;
const stress = path.join(__dirname, 'fixtures', 'stress-child.js');
const skip = backgroundSupport().supported ? false : String(backgroundSupport().reason);

for (const { version, node } of skip ? [] : nodes()) {
  test(`${COUNT} snapshots in the background while the collector and the compiler are busy, Node ${version}`, async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'leakwatch-stress-'));
    const ran = await promisify(execFile)(node, [stress, String(COUNT), '8', '3000', folder], { maxBuffer: 1 << 24 });
    const { outcomes, before, after, sessions, heapGrowth } = JSON.parse(ran.stdout);
    assert.deepEqual(outcomes.errors.filter((/** @type {string} */ error) => !error.startsWith('ERR_LEAKWATCH_BUSY_THREADS')), []);
    assert.deepEqual([...new Set(outcomes.sessions)], [sessions]);
    assert.ok(outcomes.written >= COUNT * 0.9, JSON.stringify(outcomes));
    assert.ok(outcomes.profiles >= COUNT * 0.45, JSON.stringify(outcomes));
    assert.deepEqual(after, before);
    assert.ok(heapGrowth < MOST_GROWTH, `${heapGrowth} bytes more are alive than before`);
    assert.deepEqual(fs.readdirSync(folder), []);
    fs.rmSync(folder, { recursive: true });
  });
}
