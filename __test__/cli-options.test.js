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
  const ofRun = await leakwatch(['run', '--help']);
  assert.deepEqual([ofRun.stdout, ofRun.code], [pinned('help-run.txt'), 0]);
  const ofTest = await leakwatch(['test', '--help']);
  assert.deepEqual([ofTest.stdout, ofTest.code], [pinned('help-test.txt'), 0]);
  for (const command of ['analyze', 'compare', 'path', 'histogram', 'doctor']) {
    const { stdout, code } = await leakwatch([command, '--help']);
    assert.deepEqual([stdout, code], [pinned(`help-${command}.txt`), 0]);
    assert.ok(stdout.split('\n').every((line) => line.length <= 80), command);
  }
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
  [['test', 'healthy.js', '--json', '.'], /Cannot write the report to \.: it is a folder/],
  [['test', 'healthy.js', '--json', 'r'.repeat(300)], /Cannot write the report to r+: ENAMETOOLONG/],
  [['analyze'], /Expected one heap snapshot, got none.*'leakwatch analyze app\.heapsnapshot'/],
  [['analyze', 'a.heapsnapshot', 'b.heapsnapshot'], /Expected one heap snapshot, got a\.heapsnapshot, b\.heapsnapshot/],
  [['analyze', 'none.heapsnapshot'], /There is no file .*none\.heapsnapshot.*takeSnapshot\(\)/],
  [['analyze', 'healthy.js'], /not a usable heap snapshot: .* \(at byte 0\)/],
  [['analyze', 'healthy.js', '--top', '0'], /--top 0 is out of range.*from 1 to 10000/],
  [['analyze', 'healthy.js', '--json', 'healthy.js'], /--json healthy\.js would overwrite what was measured/],
  [['analyze', 'healthy.js', '--json', 'b.heapsnapshot.gz'], /--json b\.heapsnapshot\.gz would overwrite what was measured/],
  [['histogram', 'healthy.js'], /two or more class histograms.*got 1.*'leakwatch histogram 1\.json/],
  [['histogram', 'healthy.js', 'none.json'], /There is no file .*none\.json.*classHistogram\(\)/],
  [['histogram', 'healthy.js', 'leaky.js'], /healthy\.js is not a class histogram.*classHistogram\(\)/],
  [['doctor', 'here'], /'leakwatch doctor' takes no arguments/],
  [['compare', 'healthy.js'], /two or more heap snapshots.*got 1/],
  [['path', 'healthy.js'], /Name one object: --class NAME.*or --id N/],
  [['path', 'healthy.js', '--id', '7', '--class', 'Session'], /Name one object/],
  [['path', 'healthy.js', '--id', 'seven'], /--id seven is out of range/],
  [['path', 'healthy.js', '--name', 'Session'], /Unknown option '--name'.*'leakwatch path --help'/],
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
