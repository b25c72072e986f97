'use strict';
const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const { test } = require('node:test');
const { promisify } = require('node:util');
const { backgroundSupport, classHistogram, compareHistograms } = require('../lib/capture.js');
const { nodes } = require('./fixtures/nodes.js');

const capture = JSON.stringify(require.resolve('../lib/capture.js'));

class Lantern {}
class StormLantern extends Lantern {}
Object.defineProperty(StormLantern.prototype, 'constructor', { get() { throw new Error('a getter must not run'); } });

test('counts objects by constructor', async () => {
  const kept = [Array.from({ length: 1234 }, () => new Lantern()), Array.from({ length: 55 }, () => new StormLantern())];
  const { classes, objects, mode } = await classHistogram({ mode: 'inline' });
  const count = (/** @type {string} */ name) => classes.find((row) => row.name === name)?.count;
  // StormLantern.prototype is a Lantern, and its own constructor is a getter: its instances count with it.
  assert.equal(count('Lantern'), 1234 + 55 + 1);
  assert.equal(objects, classes.reduce((sum, row) => sum + row.count, 0));
  assert.equal(mode, 'inline');
  assert.ok(kept.length);
});

test('puts histograms side by side', () => {
  const rows = compareHistograms([
    { classes: [{ name: 'Session', count: 10 }, { name: 'Old', count: 5 }] },
    { classes: [{ name: 'Session', count: 60 }, { name: 'New', count: 1 }] },
    { classes: [{ name: 'Session', count: 110 }, { name: 'New', count: 3 }] },
  ]);
  assert.deepEqual(rows, [
    { name: 'Session', counts: [10, 60, 110], growth: 100 },
    { name: 'New', counts: [0, 1, 3], growth: 3 },
    { name: 'Old', counts: [5, 0, 0], growth: -5 },
  ]);
});

test('wrong options are named', async () => {
  await assert.rejects(classHistogram(/** @type {any} */ ({ path: 'x' })), { code: 'ERR_LEAKWATCH_OPTION', message: /no option "path"/ });
});

for (const { version, node } of backgroundSupport().supported ? nodes() : []) {
  test(`in the background: two counts show what grew, Node ${version}`, async () => {
    const script = `class Parcel {} const { classHistogram, compareHistograms } = require(${capture}); const kept = [];
      (async () => {
        const before = await classHistogram();
        for (let index = 0; index < 4321; index++) kept.push(new Parcel());
        const after = await classHistogram();
        console.log(JSON.stringify({ top: compareHistograms([before, after])[0], modes: [before.mode, after.mode], peak: after.peakChildBytes }));
      })();`;
    const { stdout } = await promisify(execFile)(node, ['-e', script]);
    const { top, modes, peak } = JSON.parse(stdout);
    assert.deepEqual([top.name, top.growth, modes], ['Parcel', 4321, ['background', 'background']]);
    assert.ok(peak > 1e6);
  });
}
