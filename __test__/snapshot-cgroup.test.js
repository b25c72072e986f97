'use strict';
const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before, test } = require('node:test');
const { backgroundSupport } = require('../lib/capture.js');
const { runLimited } = require('./fixtures/cgroup.js');

const MB = 1e6;
const options = { skip: backgroundSupport().supported ? false : String(backgroundSupport().reason) };
const capture = JSON.stringify(require.resolve('../lib/capture.js'));
const heap = JSON.stringify(require.resolve('./fixtures/heap.js'));

/** @type {string} */
let folder;
before(() => { folder = fs.mkdtempSync(path.join(os.tmpdir(), 'leakwatch-cgroup-')); });
after(() => fs.rmSync(folder, { recursive: true, force: true }));

/** Fills a heap in a container with a limit, takes a snapshot, and says what happened. */
function inContainer(/** @type {number} */ limitBytes, /** @type {string} */ fill) {
  const script = `globalThis.held = (() => { ${fill} })();
    require(${capture}).takeSnapshot({ mode: 'background', directory: ${JSON.stringify(folder)} }).then(({ nodes }) => console.log('written', nodes > 10000), ({ code, message }) => console.log(code, message));`;
  return runLimited(limitBytes, [process.execPath, '-e', script]);
}

test('a container that is too small is told so beforehand, with the figures', options, (context) => {
  const ran = inContainer(300 * MB, `return require(${heap}).fillHeap(30);`);
  if (!ran) return context.skip('control groups cannot be made here');
  assert.match(ran.stdout, /^ERR_LEAKWATCH_MEMORY .*\(\d\d MB in use\) would take about \d{3} MB, and the container \(limit (299|300) MB\) has \d{3} MB left/);
  assert.deepEqual([ran.kills, ran.status, fs.readdirSync(folder)], [0, 0, []]);
});

test('a container that is large enough', options, (context) => {
  const ran = inContainer(1500 * MB, `return require(${heap}).fillHeap(20);`);
  if (!ran) return context.skip('control groups cannot be made here');
  assert.deepEqual([ran.stdout, ran.kills, ran.status], ['written true\n', 0, 0]);
  for (const file of fs.readdirSync(folder)) fs.unlinkSync(path.join(folder, file));
});

test('a snapshot that takes more than expected is ended before the kernel kills', options, (context) => {
  // Arrays of objects: each element is an edge, and takes several times what is expected of long arrays.
  const ran = inContainer(700 * MB, 'const one = {}; return Array.from({ length: 5 }, () => new Array(1_000_000).fill(one));');
  if (!ran) return context.skip('control groups cannot be made here');
  assert.match(ran.stdout, /^ERR_LEAKWATCH_MEMORY (The capture took more memory than it may|Memory ran short)/);
  assert.deepEqual([ran.kills, ran.status, fs.readdirSync(folder)], [0, 0, []]);
});
