'use strict';
// index.d.ts against consumers of every module kind, and against what the package really exports.
const test = require('node:test');
const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const root = path.join(__dirname, '..');
const tsc = require.resolve('typescript/bin/tsc');
const types = path.join(__dirname, 'types');
const strict = ['--noEmit', '--strict', '--target', 'es2022', '--module', 'nodenext', '--types', 'node'];

function compile(file, ...options) {
  const ran = spawnSync(process.execPath, [tsc, ...strict, ...options, path.join(types, file)], { cwd: root, encoding: 'utf8' });
  return ran.stdout;
}

// Express's own types need esModuleInterop for `import express from`.
for (const [file, interop] of [['commonjs.cts', 'true'], ['commonjs.cts', 'false'], ['default.cts', 'true'], ['default.cts', 'false'], ['module.mts', 'true']]) {
  test(`${file} compiles with esModuleInterop ${interop}`, () => {
    assert.equal(compile(file, '--esModuleInterop', interop), '');
  });
}

test('what the types promise is there, and nothing else', () => {
  const text = fs.readFileSync(path.join(root, 'index.d.ts'), 'utf8');
  const promised = [...text.matchAll(/^ {2}export (?:function|class) (\w+)/gm)].map(([, name]) => name);
  assert.deepEqual(Object.keys(require('..')).sort(), [...promised, 'default', 'leakWatch'].sort());
});

/** The fields of an interface in index.d.ts. */
function fieldsOf(name) {
  const text = fs.readFileSync(path.join(root, 'index.d.ts'), 'utf8');
  const [, body] = new RegExp(`interface ${name} (?:extends \\w+ )?\\{(.*?)\\n  \\}`, 's').exec(text);
  return [...body.matchAll(/^ {4}(?:readonly )?(\w+)\??[:(]/gm)].map(([, field]) => field);
}

test('the options of the types are those the package accepts', async () => {
  const { watchSettings } = require('../lib/options.js');
  assert.deepEqual(Object.keys(watchSettings()).sort(), fieldsOf('WatchOptions').sort());
  const accepted = async (call) => /There are (.*)\.$/.exec((await call.catch((error) => error)).message)[1].split(', ').sort();
  const { takeSnapshot, classHistogram } = require('..');
  assert.deepEqual(await accepted(takeSnapshot({ no: 1 })), [...fieldsOf('SnapshotOptions'), ...fieldsOf('CaptureOptions')].sort());
  assert.deepEqual(await accepted(classHistogram({ no: 1 })), fieldsOf('CaptureOptions').sort());
  const { analyzeSnapshot, explainObject } = require('..');
  assert.deepEqual(await accepted(analyzeSnapshot('a', { no: 1 })), [...fieldsOf('ListOptions'), ...fieldsOf('AnalysisOptions')].sort());
  assert.deepEqual(await accepted(explainObject('a', { no: 1 })), [...fieldsOf('ExplainOptions'), ...fieldsOf('AnalysisOptions')].sort());
});

test('a report and its rows have the fields that the types promise', async () => {
  const watch = require('..')({ track: 'all' });
  const timer = setInterval(() => {}, 60_000);
  const report = await watch.report();
  const [row] = watch.resources().filter(({ name }) => name === 'setInterval');
  clearInterval(timer);
  watch.stop();
  assert.deepEqual(Object.keys(report).sort(), fieldsOf('Report').sort());
  assert.deepEqual(Object.keys(report.memory).sort(), fieldsOf('MemorySummary').sort());
  assert.deepEqual(Object.keys(row).sort(), fieldsOf('ResourceGroup').sort());
  assert.deepEqual(Object.keys(row.site[0]).sort(), fieldsOf('Location').sort());
  assert.deepEqual(Object.keys(watch).sort(), fieldsOf('LeakWatch').sort());
});
