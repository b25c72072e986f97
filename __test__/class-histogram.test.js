'use strict';
const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');
const { promisify } = require('node:util');
const { backgroundSupport, classHistogram, compareHistograms } = require('../lib/capture.js');
const { Contexts } = require('../lib/track/contexts.js');
const { nodes } = require('./fixtures/nodes.js');
const { leakwatch } = require('./helpers/leakwatch.js');

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

test('counts requests by the route of their markers', async () => {
  const contexts = new Contexts((route) => ['', 'GET /items/:id', 'POST /login'][route]);
  const kept = Array.from({ length: 30 }, (_, index) => {
    const marker = contexts.create();
    if (index < 25) contexts.settle(marker, 1 + (index % 5 === 0 ? 0 : 1));
    return marker;
  });
  const { classes, routes } = await classHistogram({ mode: 'inline' });
  assert.deepEqual(routes, [{ name: 'POST /login', count: 20 }, { name: '(unknown)', count: 5 }, { name: 'GET /items/:id', count: 5 }]);
  assert.equal(classes.find((row) => row.name === 'LeakWatchRequest')?.count, kept.length);
});

test('histograms by route', () => {
  const rows = compareHistograms([{ classes: [] }, { classes: [], routes: [{ name: 'GET /', count: 7 }] }], 'routes');
  assert.deepEqual(rows, [{ name: 'GET /', counts: [0, 7], growth: 7 }]);
});

test('leakwatch histogram: two or three side by side, what grew first', async (context) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'leakwatch-histogram-'));
  context.after(() => fs.rmSync(folder, { recursive: true }));
  const files = [1, 2, 3].map((number) => {
    const file = path.join(folder, `${number}.json`);
    const routes = number === 1 ? [] : [{ name: 'POST /login', count: number * 10 }];
    fs.writeFileSync(file, JSON.stringify({ classes: [{ name: 'Object', count: 9000 - number }, { name: 'Session', count: number * 1000 }], routes, objects: 1 }));
    return file;
  });
  const { stdout, code } = await leakwatch(['histogram', ...files]);
  assert.equal(code, 0);
  assert.equal(stdout, `1 of 2 classes have more objects than before.

       1      2      3  growth  class
   1,000  2,000  3,000  +2,000  Session

   1   2   3  growth  route of requests that are kept
   0  20  30     +30  POST /login
`);
  const json = JSON.parse((await leakwatch(['histogram', files[0], files[2], '--json'])).stdout);
  assert.deepEqual(json.classes, [{ name: 'Session', counts: [1000, 3000], growth: 2000 }, { name: 'Object', counts: [8999, 8997], growth: -2 }]);
});

test('leakwatch doctor says what backgroundSupport says', async () => {
  const { supported, reason, precopy } = backgroundSupport();
  const { stdout, code } = await leakwatch(['doctor']);
  assert.match(stdout, new RegExp(`Node.js ${process.version}, ${process.platform} `));
  const said = precopy ? 'yes; the heap is copied beforehand' : 'yes; the pause grows with the heap';
  assert.ok(stdout.includes(`\nsnapshots in the background: ${supported ? said : `no, ${reason}\n`}`));
  assert.equal(code, supported ? 0 : 1);
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
