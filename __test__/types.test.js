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

test('the options of the types are those the package accepts', () => {
  const text = fs.readFileSync(path.join(root, 'index.d.ts'), 'utf8');
  const [, body] = /interface WatchOptions \{(.*?)\n {2}\}/s.exec(text);
  const promised = [...body.matchAll(/^ {4}(\w+)\?:/gm)].map(([, name]) => name);
  const { watchSettings } = require('../lib/options.js');
  assert.deepEqual(Object.keys(watchSettings()).sort(), promised.sort());
});
