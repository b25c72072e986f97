'use strict';
const assert = require('node:assert/strict');
const { test } = require('node:test');
const v8 = require('node:v8');
const { Collections, entriesOf } = require('../lib/control/collections.js');
const { Inspection } = require('../lib/control/inspection.js');

const numbers = (count) => Array.from({ length: count }, (_, index) => index);

test('entries are what is in it, not how long it is', () => {
  const sparse = [];
  sparse[900_000] = 1;
  assert.equal(entriesOf(sparse), 1);
  assert.equal(entriesOf(numbers(500)), 500);
  assert.equal(entriesOf(new Set(numbers(70))), 70);
  assert.equal(entriesOf(new (class Store extends Map {})([[1, 2]])), 1);
  assert.equal(entriesOf(Object.fromEntries(numbers(80).map((n) => [n, n]))), 80);
});

test('counting runs none of the app\'s code', () => {
  const refuse = () => assert.fail('the app was called');
  assert.equal(entriesOf(new Proxy({ a: 1 }, { ownKeys: refuse, get: refuse, getPrototypeOf: refuse })), 0);
  assert.equal(entriesOf(Object.defineProperty([], 0, { get: refuse, enumerable: true })), 1);
  assert.equal(entriesOf(Object.defineProperty(new Map(), 'size', { get: refuse })), 0);
  assert.equal(entriesOf(Buffer.alloc(4096)), 0);
});

test('a collection keeps its id while it grows', () => {
  const kept = new Set();
  for (let n = 0; n < 3000; n++) kept.add(n);
  v8.getHeapSnapshot().destroy();
  const collections = new Collections(new Inspection());
  const idsOf = (count) => collections.count().filter((found) => found.count === count).map(({ id }) => id);
  const [id, ...others] = idsOf(3000);
  assert.ok(id % 2 === 1, 'the id of a JavaScript object');
  assert.deepEqual(others, []);
  kept.add(-1);
  assert.deepEqual([idsOf(3001), idsOf(3000)], [[id], []]);
});
