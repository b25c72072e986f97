'use strict';
// leakwatch analyze, compare and path, on snapshots of a process that leaks sessions and listeners.
const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before, test } = require('node:test');
const { stripVTControlCharacters } = require('node:util');
const zlib = require('node:zlib');
const { leakwatch } = require('./helpers/leakwatch.js');

const fixtures = path.join(__dirname, 'fixtures');
const leaked = 3000;
let folder = '';

before(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'leakwatch-cli-heap-'));
  execFileSync(process.execPath, [path.join(fixtures, 'heap-leaks.js'), folder, String(leaked)]);
});
after(() => fs.rmSync(folder, { recursive: true, force: true }));

const file = (/** @type {number} */ number) => path.join(folder, `${number}.heapsnapshot`);
const one = (/** @type {string} */ text) => text.replace(/\s+/g, ' ');

test('compare: the leak comes first, and exit code 1 says that it goes on', async () => {
  const { stdout, stderr, code } = await leakwatch(['compare', file(1), file(2), file(3)]);
  const lines = stdout.split('\n');
  assert.match(lines[0], /^GROWING {2}\d.*→.*→/);
  assert.match(lines[2], /^1\. Session in Map {2}.*heap-leaks-store\.js:4$/);
  assert.match(one(stdout), /more Session 3,000 → 6,000 → 9,000/);
  assert.match(one(stdout), /heap-leaks-store\.js › sessions › Map/);
  assert.match(one(stdout), /2\. Function in Array .*heap-leaks\.js:17/);
  assert.match(stdout, /Matched by object id/);
  assert.deepEqual([code, stderr], [1, ''], 'no progress but on a terminal');
  assert.ok(!stdout.includes('\u001b'), 'no colours for a pipe');
});

test('compare: two snapshots cannot tell, and what has filled up does not alarm', async () => {
  const two = await leakwatch(['compare', file(1), file(3)]);
  assert.match(two.stdout, /^GREW .*a third snapshot would tell/);
  assert.equal(two.code, 0);
  const levels = await leakwatch(['compare', file(1), file(3), file(3)]);
  assert.match(levels.stdout, /^STEADY /);
  assert.equal(levels.code, 0);
});

test('analyze: sizes, collections, listeners and lines', async () => {
  const { stdout, code } = await leakwatch(['analyze', file(3)], { env: { FORCE_COLOR: '1' } });
  const text = one(stripVTControlCharacters(stdout));
  assert.match(text, /9,000 .* Map .*sessions › Map/);
  assert.match(text, /9,000 order of EventEmitter/);
  assert.match(text, /look npx leakwatch path \S*3\.heapsnapshot --id \d+/);
  assert.match(text, /9,000 .* .*heap-leaks\.js:17/);
  assert.ok(stdout.includes('\u001b[1m'), 'colours when forced');
  assert.equal(code, 0);
});

test('path: why each step holds', async () => {
  const { stdout, code } = await leakwatch(['path', file(3), '--class', 'Session']);
  assert.match(one(stdout), /^Session id \d+ .*heap-leaks-store\.js:4 one of 9,000; retains/);
  assert.match(one(stdout), /variable `sessions` of .*heap-leaks-store\.js → Map @\d+ value of the Map → Session @\d+/);
  assert.equal(code, 0);
  const listener = await leakwatch(['path', file(3), '--id', String(JSON.parse((await leakwatch(['analyze', file(3), '--json', '-'])).stdout).listeners[0].id)]);
  assert.match(listener.stdout, /→ EventEmitter @/);
  const instance = await leakwatch(['path', file(3), '--class', 'Page']);
  assert.match(instance.stdout, /frontPage › Page$/m, 'not what others inherit from');
  const none = await leakwatch(['path', file(3), '--class', 'NoSuchClass']);
  assert.match(none.stderr, /There is no object of class 'NoSuchClass'/);
  assert.deepEqual([none.code, none.stdout], [3, '']);
});

test('--json writes everything, with the text or instead of it; compressed files are read as they are', async () => {
  const gz = path.join(folder, 'a.heapsnapshot.gz');
  fs.writeFileSync(gz, zlib.gzipSync(fs.readFileSync(file(1)), { level: 1 }));
  const target = path.join(folder, 'answer.json');
  const both = await leakwatch(['analyze', gz, '--json', target, '--top', '3']);
  assert.match(both.stdout, /objects {2}.*a\.heapsnapshot\.gz/);
  const written = JSON.parse(fs.readFileSync(target, 'utf8'));
  assert.equal(written.closures.length, 3);
  assert.equal(fs.statSync(target).mode & 0o777, 0o600, 'it quotes the strings of a process');
  const plain = await leakwatch(['analyze', file(1), '--top', '3', '--json']);
  assert.deepEqual(JSON.parse(plain.stdout), written);
});

test('--json follows a link, and does not replace a device by a file', { skip: process.platform === 'win32' }, async () => {
  const [target, link, device] = ['linked.json', 'link.json', 'device'].map((name) => path.join(folder, name));
  fs.writeFileSync(target, '');
  fs.symlinkSync(target, link);
  fs.symlinkSync('/dev/null', device);
  for (const json of [link, device]) assert.equal((await leakwatch(['analyze', file(1), '--json', json])).code, 0);
  assert.ok(JSON.parse(fs.readFileSync(target, 'utf8')).closures.length > 0);
  assert.ok(fs.lstatSync(link).isSymbolicLink() && fs.lstatSync('/dev/null').isCharacterDevice());
});
