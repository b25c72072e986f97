'use strict';
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { version } = require('../package.json');
const { leakwatch } = require('./helpers/leakwatch.js');

const pinned = (name) => fs.readFileSync(path.join(__dirname, 'fixtures', 'cli', name), 'utf8');

test('the help is what is pinned', async () => {
  const general = await leakwatch(['--help']);
  assert.deepEqual([general.stdout, general.code], [pinned('help.txt'), 0]);
  const ofTest = await leakwatch(['test', '--help']);
  assert.deepEqual([ofTest.stdout, ofTest.code], [pinned('help-test.txt'), 0]);
  assert.ok(ofTest.stdout.split('\n').every((line) => line.length <= 80), 'fits into 80 columns');
});

test('--version prints the version', async () => {
  assert.equal((await leakwatch(['--version'])).stdout, `${version}\n`);
});

const WRONG = [
  [['tset'], /There is no command 'tset'/],
  [['test'], /No app was named.*'leakwatch test app.js'/],
  [['test', 'missing.js'], /There is no file .*missing\.js.*entry file/],
  [['test', 'healthy.js', 'extra'], /one entry file, got healthy\.js, extra.*after '--'/],
  [['test', 'healthy.js', '--reqests', '5'], /Unknown option '--reqests'.*--help/],
  [['test', 'healthy.js', '--rounds', '2'], /--rounds 2 is out of range.*from 3 to 1000/],
  [['test', 'healthy.js', '--requests', '1.5'], /--requests 1\.5 is out of range.*whole number/],
  [['test', 'healthy.js', '--port', '70000'], /--port 70000 is out of range/],
  [['test', 'healthy.js', '--request', 'POST login'], /--request 'POST login' is not a request.*begins with a slash/],
  [['test', 'healthy.js', '--request', 'FETCH /'], /'FETCH' is not a method/],
  [['test', 'healthy.js', '--request', 'GET /{{user}}'], /Unknown placeholder \{\{user\}\}.*\{\{n\}\}/],
  [['test', 'healthy.js', '--header', 'no colon'], /--header 'no colon' is not a header.*name: value/],
  [['test', 'healthy.js', '--traffic', 'traffic.mjs', '--request', 'GET /'], /--traffic cannot be combined with --request/],
  [['test', 'healthy.js', '--traffic', 'nowhere.js'], /--traffic nowhere\.js does not exist/],
  [['test', 'healthy.js', '--node', '/nowhere/node'], /--node \/nowhere\/node does not exist/],
  [['test', 'healthy.js', '--node', __filename], /--node .* could not be run.*path of a Node\.js executable/],
  [['test', 'healthy.js', '--json', '/nowhere/report.json'], /Cannot write the report to \/nowhere\/report\.json/],
  [['test', 'healthy.js', '--keep-snapshots', 'healthy.js/snapshots'], /Cannot write to healthy\.js\/snapshots.*another folder for --keep-snapshots/],
];

for (const [args, message] of /** @type {[string[], RegExp][]} */ (WRONG)) {
  test(`wrong: ${args.join(' ')}`, async () => {
    const { code, stdout, stderr, left } = await leakwatch(args);
    assert.match(stderr.replaceAll('\n', ' '), message);
    assert.doesNotMatch(stderr, /\n\s+at /, 'no stack trace');
    assert.deepEqual({ code, stdout, left }, { code: 3, stdout: '', left: [] });
  });
}
