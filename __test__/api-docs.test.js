'use strict';
// docs/api.md names every export, option, member, field and error code of the public API.
const test = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');

const root = path.join(__dirname, '..');
const read = (file) => fs.readFileSync(path.join(root, file), 'utf8');
const page = read('docs/api.md') + read('docs/analyze.md');
const types = read('index.d.ts');

test('every export', () => {
  for (const name of Object.keys(require('..'))) assert.ok(name === 'default' || page.includes(name), name);
});

test('every option, member and field', () => {
  const fields = [...types.matchAll(/^ {4}(?:readonly )?(\w+)\??[:(]/gm)].map(([, name]) => name);
  assert.ok(fields.length > 60);
  const missing = fields.filter((name) => name !== 'constructor' && !new RegExp(`\\b${name}\\b`).test(page));
  assert.deepEqual(missing, []);
});

test('every error code that a program can get', () => {
  const sources = ['lib/errors.js', 'lib/express.js', 'lib/native.js', 'lib/options.js', 'lib/capture.js', ...filesOf('lib/capture'), ...filesOf('src/capture')];
  const codes = new Set(sources.flatMap((file) => read(file).match(/ERR_LEAKWATCH_[A-Z][A-Z0-9_]*[A-Z0-9]/g) ?? []));
  assert.ok(codes.size > 10);
  assert.deepEqual([...codes].filter((code) => !page.includes(`\`${code}\``)), []);
});

function filesOf(folder) {
  return fs.readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath ?? entry.path, entry.name)));
}
