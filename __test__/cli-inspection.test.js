'use strict';
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { collect } = require('../lib/control/collect.js');
const { Inspection } = require('../lib/control/inspection.js');
const handlers = require('./fixtures/cli/handlers.js');

const file = path.join(__dirname, 'fixtures', 'cli', 'handlers.js');
const source = fs.readFileSync(file, 'utf8').split('\n');

/** The line that a comment in the fixture marks. */
const lineOf = (mark) => source.findIndex((line) => line.endsWith(`// ${mark}`)) + 1;

function linesOf(fn) {
  const [{ route, functions }] = new Inspection().locateHandlers([{ route: 'GET /', functions: [fn] }]);
  assert.equal(route, 'GET /');
  assert.ok(functions.every((location) => location.file === file));
  return functions.map((location) => location.line);
}

test('a handler is where it is defined', () => {
  assert.deepEqual(linesOf(handlers.plain), [lineOf('plain')]);
});

test('a bound method is where the method is defined', () => {
  assert.deepEqual(linesOf(handlers.bound), [lineOf('method')]);
});

test('a wrapped handler is where the wrapper and the wrapped are defined', () => {
  assert.deepEqual(linesOf(handlers.wrapped), [lineOf('wrapper'), lineOf('wrapped')]);
});

test('an anonymous wrapper counts, too', () => {
  assert.deepEqual(linesOf(handlers.wrappedByArrow), [lineOf('arrow wrapper'), lineOf('wrapped by arrow')]);
});

test('native functions have no place, and nothing stays global', () => {
  assert.deepEqual(linesOf(Math.max), []);
  assert.equal(Object.getOwnPropertySymbols(globalThis).some((key) => String(key).includes('leakwatch')), false);
});

test('the allocation profile knows who allocated what is alive', () => {
  const inspection = new Inspection();
  assert.equal(inspection.startAllocationProfile(), true);
  const kept = handlers.keepMegabytes();
  const { head } = inspection.allocationProfile();
  assert.ok(kept.length > 0);
  assert.ok(bytesOf(head, 'keepMegabytes') > 1024 * 1024);
});

test('what the app writes to the console does not stay because of the session', async () => {
  const inspection = new Inspection();
  inspection.startAllocationProfile();
  const refs = Array.from({ length: 20 }, () => {
    const error = new Error('told');
    console.error(error);
    return new WeakRef(error);
  });
  const alive = () => refs.filter((ref) => ref.deref() !== undefined).length;
  await collect();
  assert.equal(alive(), 20);
  inspection.forgetConsole();
  await collect();
  assert.equal(alive(), 0);
});

/** Bytes allocated by a function or what it called. */
function bytesOf(node, name, inside = false) {
  const counts = inside || node.callFrame.functionName === name;
  return node.children.reduce((sum, child) => sum + bytesOf(child, name, counts), counts ? node.selfSize : 0);
}
