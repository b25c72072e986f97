'use strict';
// Node count, totals and every class (count, shallow size, retained size) equal Chrome DevTools' own code, on
// snapshots that real Node processes wrote: the running one, and the versions in TEST_NODES (`TEST_NODES=20,22,24,26`).

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before, test } = require('node:test');
const { analyzeSnapshot } = require('..');
const { nodeBinary } = require('./nodes/install.js');
const { oracle, prepare, bundle } = require('./devtools/index.js');

const scene = path.join(__dirname, 'fixtures', 'heap-scene.js');
const versions = (process.env.TEST_NODES ?? '').split(',').filter(Boolean);
let folder = '';

before(() => {
  prepare();
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'leakwatch-heap-'));
});
after(() => fs.rmSync(folder, { recursive: true, force: true }));

for (const version of ['running', ...versions]) {
  for (const [name, modules] of [['language features', []], ['Express', ['express']], ['a large program', [`file://${bundle}`]]]) {
    test(`Node ${version}, ${name}: equals DevTools`, async () => {
      const node = version === 'running' ? process.execPath : nodeBinary(version);
      const file = path.join(folder, `${version}.heapsnapshot`);
      execFileSync(node, [scene, file, ...modules]);
      assertSame(await analyzeSnapshot(file), oracle(file));
    });
  }
}

/**
 * @param {any} ours
 * @param {any} theirs
 */
function assertSame(ours, theirs) {
  const { classes: ourClasses, nodes, edges, totalBytes } = ours;
  const { classes: theirClasses, ...theirTotals } = theirs;
  assert.deepEqual({ nodes, edges, totalBytes }, theirTotals);
  assert.ok(theirClasses.length > 100, 'a real heap has many classes');
  assert.deepEqual(byKey(ourClasses.map(row)), byKey(theirClasses.map(row)));
  for (const theirs of theirClasses) {
    // Where DevTools finds one object of a class out of reach, it gives the whole class the distance -5.
    if (theirs.distance === null) continue;
    const ours = ourClasses.find((/** @type {any} */ ours) => key(row(ours)) === key(row(theirs)));
    assert.equal(ours.distance, theirs.distance, theirs.name);
  }
}

/** @param {any} row */
function row({ name, scriptPosition, count, shallowBytes, retainedBytes }) {
  return { name, scriptPosition, count, shallowBytes, retainedBytes };
}

/** @param {any} row */
function key({ name, scriptPosition }) {
  return JSON.stringify([name, scriptPosition]);
}

/** @param {any[]} rows */
function byKey(rows) {
  return Object.fromEntries(rows.map((row) => [key(row), row]));
}
