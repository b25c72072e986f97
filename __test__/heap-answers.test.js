'use strict';
// What leakwatch says about snapshots of a leaking process: what grew, who holds it, on which line it was made.

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before, test } = require('node:test');
const { analyzeSnapshot, compareSnapshots, explainObject } = require('..');
const { ask } = require('../lib/analysis.js');
const { backgroundSupport } = require('../lib/capture.js');

const fixtures = path.join(__dirname, 'fixtures');
const store = path.join(fixtures, 'heap-leaks-store.js');
const program = path.join(fixtures, 'heap-leaks.js');
const leaked = 2000;
let folder = '';

before(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'leakwatch-answers-'));
  for (const [name, count] of [['a', leaked], ['b', leaked * 2]]) {
    fs.mkdirSync(path.join(folder, String(name)));
    execFileSync(process.execPath, [program, path.join(folder, String(name)), String(count)]);
  }
});
after(() => fs.rmSync(folder, { recursive: true, force: true }));

const file = (/** @type {string} */ run, /** @type {number} */ number) => path.join(folder, run, `${number}.heapsnapshot`);
const sessionPath = `${store} › sessions (Map) › value › Session`;

test('three snapshots of one process: the holders and what accumulates in them', async () => {
  const comparison = await compareSnapshots([1, 2, 3].map((number) => file('a', number)));
  assert.deepEqual([comparison.sameProcess, comparison.inOrder], [true, true]);
  const [sessions, listeners, ...others] = comparison.growth;
  assert.deepEqual([sessions.matchedBy, listeners.matchedBy], ['id', 'id']);
  assert.equal(sessions.path, `${store} › sessions › Map`);
  const content = sessions.contents.find((/** @type {any} */ content) => content.className === 'Session');
  assert.deepEqual(content.counts, [leaked, leaked * 2, leaked * 3]);
  assert.equal(listeners.path, `${program} › exports › bus (EventEmitter) › _events › order › Array`);
  assert.equal(listeners.contents[0].className, 'Function');
  assert.deepEqual(listeners.contents[0].counts, [leaked, leaked * 2, leaked * 3]);
  assert.deepEqual(others, [], 'the array that keeps ten does not grow');
  const row = comparison.classes.find((/** @type {any} */ row) => row.name === 'Session');
  assert.deepEqual([row.count, row.added, row.removed], [[leaked, leaked * 3], leaked * 2, 0]);
  assert.equal(row.constructor.file, store);
  assert.equal(row.constructor.line, 4);
});

test('snapshots in a wrong order are noticed', async () => {
  const reversed = await compareSnapshots([file('a', 3), file('a', 1)]);
  assert.deepEqual([reversed.sameProcess, reversed.inOrder], [false, false]);
  const across = await compareSnapshots([file('b', 3), file('a', 1)]);
  assert.deepEqual([across.sameProcess, across.inOrder], [false, true], 'of different processes nothing tells');
});

test('snapshots of one process are known as such when code and shapes have ids of dead ones', async () => {
  execFileSync(process.execPath, ['--expose-gc', path.join(fixtures, 'heap-compiles.js'), folder]);
  const { sameProcess } = await compareSnapshots([1, 2].map((number) => path.join(folder, `compiles-${number}.heapsnapshot`)));
  assert.equal(sameProcess, true);
});

test('snapshots of two processes: the same leak has the same id', async () => {
  const inline = await compareSnapshots([file('a', 1), file('a', 3)]);
  const across = await compareSnapshots([file('a', 1), file('b', 3)]);
  assert.equal(across.sameProcess, false);
  assert.equal(across.growth[0].id, inline.growth[0].id);
  assert.deepEqual([inline, across].map(({ growth }) => growth[0].matchedBy), ['id', 'signature']);
  assert.equal(across.growth[0].path, `${store} › sessions › Map`);
  const content = across.growth[0].contents.find((/** @type {any} */ content) => content.className === 'Session');
  assert.deepEqual(content.counts, [leaked, leaked * 6]);
  const row = across.classes.find((/** @type {any} */ row) => row.name === 'Session');
  assert.deepEqual([row.added, row.removed], [null, null]);
});

for (const mode of ['inline', ...(backgroundSupport().supported ? ['background'] : [])]) {
  test(`which of several Maps grows is told by id, where there are ids: ${mode} snapshots`, async () => {
    const own = path.join(folder, mode);
    fs.mkdirSync(own);
    execFileSync(process.execPath, [path.join(fixtures, 'heap-stores.js'), own, String(leaked), mode]);
    const { sameProcess, growth } = await compareSnapshots([1, 2, 3].map((number) => file(mode, number)));
    const byId = mode === 'inline';
    assert.deepEqual([sameProcess, growth.length, growth[0].matchedBy], [byId, 1, byId ? 'id' : 'signature']);
    assert.match(growth[0].path, /heap-stores\.js › exports › stores \(Array\) › \[\] › Map$/);
    const entries = growth[0].contents.find((/** @type {any} */ content) => content.className === 'Entry');
    const others = byId ? 0 : leaked * 20;
    assert.deepEqual(entries.counts, [1, 2, 3].map((round) => others + leaked * round));
  });
}

test('what a module holds grows the same while a timer refers to its scope', async () => {
  execFileSync(process.execPath, [path.join(fixtures, 'heap-busy.js'), folder, String(leaked)]);
  const { growth } = await compareSnapshots([1, 2, 3].map((number) => path.join(folder, `busy-${number}.heapsnapshot`)));
  assert.equal(growth[0].path, `${path.join(fixtures, 'heap-busy-store.js')} › jobs › Map`);
  assert.deepEqual([growth[0].trend, growth[0].contents[0].className, growth[0].contents[0].counts], ['growing', 'Job', [leaked, leaked * 2, leaked * 3]]);
});

test('one snapshot: collections, listeners, lines, packages, duplicate strings', async () => {
  const analysis = await analyzeSnapshot(file('a', 3));
  const [collection] = analysis.collections.filter((/** @type {any} */ row) => row.path.startsWith(store));
  assert.equal(collection.kind, 'Map');
  assert.equal(collection.entries, leaked * 3);
  assert.deepEqual([analysis.listeners[0].emitter, analysis.listeners[0].event, analysis.listeners[0].count], ['EventEmitter', 'order', leaked * 3]);
  const { location, count } = analysis.closures[0];
  assert.deepEqual([location.file, location.line, count], [program, 17, leaked * 3]);
  assert.ok(analysis.packages.some((/** @type {any} */ row) => row.name === '(app)' && row.count > leaked * 6));
  const module = analysis.modules.find((/** @type {any} */ row) => row.file === store);
  assert.equal(module.package, '(app)');
  assert.ok(module.retainedBytes >= collection.retainedBytes, 'a module retains what its variables hold');
  const [string] = analysis.duplicateStrings.biggest;
  assert.deepEqual([string.text, string.count], ['the same text in every session', leaked * 3 + 1], 'one each, and the literal');
});

test('why an object is alive', async () => {
  const why = await explainObject(file('a', 3), { class: 'Session' });
  assert.deepEqual([why.classCount, why.location.file, why.location.line], [leaked * 3, store, 4]);
  assert.equal(why.paths[0].text, sessionPath);
  const { steps, programPart } = why.paths[0];
  assert.deepEqual(steps.slice(programPart).map((/** @type {any} */ step) => [step.hold, step.className]), [['variable', 'Map'], ['internal', '(array)'], ['mapValue', 'Session']]);
  assert.deepEqual(steps.slice(programPart).map((/** @type {any} */ step) => step.reason), [`variable \`sessions\` of ${store}`, null, 'value of the Map']);
  assert.equal((await explainObject(file('a', 3), { id: steps.at(-1).id })).id, why.id);
  assert.equal(await explainObject(file('a', 3), { class: 'NoSuchClass' }), null);
});

test('the same file gives the same answer', async () => {
  const all = () => Promise.all([ask.analyze(file('a', 2), {}), ask.compare([file('a', 1), file('a', 2)], {}), ask.explain(file('a', 2), { class: 'Session' })]);
  assert.deepEqual(await all(), await all());
});

test('files that are no snapshots are refused with a code', async () => {
  await assert.rejects(analyzeSnapshot(__filename), { name: 'LeakWatchError', code: 'ERR_LEAKWATCH_SNAPSHOT_SYNTAX', message: /'\{'.* \(at byte 0\)$/ });
  await assert.rejects(analyzeSnapshot(path.join(folder, 'none')), { code: 'ERR_LEAKWATCH_SNAPSHOT_READ', message: /^cannot read / });
});
