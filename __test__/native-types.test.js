'use strict';
const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const native = require('../lib/native.js');

const root = path.join(__dirname, '..');

test('native/binding.d.ts declares exactly what the binary exports', () => {
  const declared = fs.readFileSync(path.join(root, 'native', 'binding.d.ts'), 'utf8').matchAll(/^export declare (?:function|class) (\w+)/gm);
  assert.deepEqual([...declared].map(([, name]) => name).sort(), Object.keys(native).sort());
});

test('the build wrote the native/binding.d.ts that is committed', { skip: !process.env.CI && 'only in CI, where nothing is uncommitted' }, () => {
  const diff = spawnSync('git', ['diff', '--exit-code', '--', 'native/binding.d.ts'], { cwd: root, encoding: 'utf8' });
  assert.equal(diff.status, 0, diff.stdout + diff.stderr);
});
