'use strict';
// What an analysis says of everything that waits, on a snapshot of a heap that holds known numbers of it.
const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before, test } = require('node:test');
const { analyzeSnapshot, explainObject } = require('..');
const { nodeBinary } = require('./nodes/install.js');

const program = path.join(__dirname, 'fixtures', 'heap-waiting.js');
const lines = fs.readFileSync(program, 'utf8').split('\n');
const lineOf = (/** @type {string} */ mark) => lines.findIndex((line) => line.endsWith(`// ${mark}`)) + 1;
let folder = '';

before(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'leakwatch-waiting-'))));
after(() => fs.rmSync(folder, { recursive: true, force: true }));

for (const version of ['running', ...(process.env.TEST_NODES ?? '').split(',').filter(Boolean)]) {
  test(`Node ${version}: promises, async functions, timers, routes, contexts, collections`, async () => {
    const file = path.join(folder, `${version}.heapsnapshot`);
    execFileSync(version === 'running' ? process.execPath : nodeBinary(version), [program, file]);
    const { promises, suspended, timers, routes, contexts, collections, suspects } = await analyzeSnapshot(file, { top: 1000 });

    const [never] = promises.biggest;
    assert.equal(never.reactions, 90, 'thirty runs of each of two async functions, thirty of then');
    assert.match(never.path, /heap-waiting\.js › never › Promise$/);

    const rows = (/** @type {any[]} */ of) => of.filter(({ location }) => location.file === program).map(({ location, count, kind }) => [location.line, count, kind].filter(Boolean));
    assert.deepEqual(rows(suspended).sort(byLine), [[lineOf('waits'), 30], [lineOf('yields'), 30], [lineOf('handler'), 30]]);
    assert.deepEqual(rows(timers), [[lineOf('timeout'), 30, 'Timeout'], [lineOf('immediate'), 1, 'Immediate']]);

    const row = (/** @type {string} */ name) => routes.find(({ route }) => route === name);
    assert.deepEqual([row('GET /slow/:id')?.requests, row('GET /slow/:id')?.suspended], [0, 30]);
    assert.deepEqual([row('POST /login')?.requests, row('POST /login')?.suspended], [4, 0]);
    assert.ok(Number(row('POST /login')?.retainedBytes) >= 4 * 1600, 'with what keeps the markers');

    assert.equal(contexts.count, 4);
    assert.match(contexts.biggest[0].path, /^global › kept \(Array\) › \[\] › /);
    assert.ok(contexts.biggest[0].retainedBytes > 50_000);

    const find = (/** @type {string} */ name) => collections.find((collection) => collection.path.startsWith(`global › ${name} ›`));
    assert.deepEqual([find('map')?.entries, find('map')?.capacity], [1000, 1024]);
    assert.deepEqual([find('set')?.entries, find('set')?.capacity], [100, 128]);
    const list = suspects.find(({ path }) => path === 'global › list › {link, text}');
    assert.ok(Number(list?.retainedBytes) > 30_000 * 32, JSON.stringify(suspects));
    const groups = suspects.filter(({ kind }) => kind === 'group').map(({ className, count }) => [className, count]);
    assert.deepEqual(groups, [['Ticket', 3000]], 'the scopes of files are no group');
    assert.ok(!collections.some(({ path }) => path.includes('primordials')), "Node's own are left out");
  });
}

test('why each edge holds: a WeakMap, a promise, a suspended function', async () => {
  const file = path.join(folder, 'running.heapsnapshot');
  const reasons = async (/** @type {string} */ name) => (await explainObject(file, { class: name, limit: 20 }))?.paths.flatMap(({ steps }) => steps.map(({ reason }) => reason)) ?? [];
  assert.ok((await reasons('Shadow')).includes('value of a WeakMap, alive as long as its key is'));
  const payload = await reasons('Payload');
  const has = (/** @type {RegExp} */ text) => assert.ok(payload.some((reason) => text.test(String(reason))), `${text} in ${JSON.stringify(payload)}`);
  has(/^variable of the suspended function `(waits|yields)` \(.*heap-waiting\.js:\d+\)$/);
});

/** @param {[number, number]} a @param {[number, number]} b */
function byLine([a], [b]) {
  return a - b;
}
