'use strict';
const assert = require('node:assert/strict');
const path = require('node:path');
const { test } = require('node:test');
const { score } = require('../scripts/corpus-score.js');

const corpus = path.resolve('/corpus');
const folder = path.join(corpus, 'sessions');
const truth = {
  leaks: true,
  route: 'POST /login',
  suspect: ['Session', 'Map'],
  specific: ['Session'],
  file: 'app.js',
  line: 12,
  alsoAccept: [{ file: 'node_modules/store/index.js', line: 3 }],
  retainer: ['sessions'],
};

const suspect = (changes) => ({ name: 'Object', routes: [], retainerPath: [], createdAt: [], heldAt: null, ...changes });
const found = (suspects, verdict = 'leaking') => score({ corpus, folder, truth, report: { verdict, suspects } });

test('everything right in the first suspect', () => {
  const right = suspect({ name: 'Session', routes: ['POST /login'], heldAt: { file: 'app.js', line: 12 }, retainerPath: [{ kind: 'variable', name: 'sessions', constructor: 'Map' }] });
  assert.deepEqual(found([right]), {
    leaks: true,
    verdict: 'leaking',
    right: true,
    falseAlarm: false,
    found: { name: 'first', specific: 'first', line: 'first', route: 'first', retainer: 'first' },
  });
});

test('lines and routes count on the second suspect, names only among the first three', () => {
  const second = suspect({ name: 'Map', routes: ['POST /login'], createdAt: [{ file: 'app.js', line: 12 }] });
  assert.deepEqual(found([suspect(), second]).found, { name: 'top', specific: null, line: 'first', route: 'first', retainer: null });
  assert.equal(found([suspect(), suspect(), suspect(), second]).found.line, null);
});

test("a package's line counts where the packages of all cases are", () => {
  assert.equal(found([suspect({ createdAt: [{ file: path.join(corpus, 'node_modules/store/index.js'), line: 3 }] })]).found.line, 'first');
  assert.equal(found([suspect({ createdAt: [{ file: 'app.js', line: 13 }] })]).found.line, null);
});

test('a control called leaking is a false alarm; undecided is none', () => {
  const control = { ...truth, leaks: false };
  const verdictOf = (verdict) => score({ corpus, folder, truth: control, report: { verdict, suspects: [] } });
  assert.deepEqual([verdictOf('leaking').falseAlarm, verdictOf('leaking').right], [true, false]);
  assert.deepEqual([verdictOf('undecided').falseAlarm, verdictOf('undecided').right], [false, true]);
});

test('an app that could not be tested is wrong either way', () => {
  assert.equal(score({ corpus, folder, truth, report: null }).right, false);
  assert.equal(score({ corpus, folder, truth: { ...truth, leaks: false }, report: null }).right, false);
});
