'use strict';
// A program in TypeScript, compiled with tsc: everything names the line that somebody wrote.
const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before, test } = require('node:test');
const { analyzeSnapshot, explainObject } = require('..');
const { leakwatch } = require('./helpers/leakwatch.js');

const fixture = path.join(__dirname, 'fixtures', 'typescript', 'app.ts');
const lines = fs.readFileSync(fixture, 'utf8').split('\n');
const lineOf = (/** @type {string} */ text) => lines.findIndex((line) => line.includes(text)) + 1;
const AMOUNT = ['--warmup', '300', '--requests', '300', '--rounds', '4'];
let folder = '';
let source = '';

before(() => {
  folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'leakwatch-maps-')));
  fs.mkdirSync(path.join(folder, 'src'));
  source = path.join(folder, 'src', 'app.ts');
  fs.copyFileSync(fixture, source);
  compile('dist', '--sourceMap');
  compile('inline', '--inlineSourceMap');
  // What is deployed is often the output alone.
  fs.rmSync(source);
});
after(() => fs.rmSync(folder, { recursive: true, force: true }));

function compile(/** @type {string} */ out, /** @type {string} */ maps) {
  const types = path.join(__dirname, '..', 'node_modules', '@types');
  execFileSync(process.execPath, [require.resolve('typescript/bin/tsc'), source, '--outDir', path.join(folder, out), '--module', 'commonjs', '--target', 'es2020', '--skipLibCheck', '--typeRoots', types, '--types', 'node', maps]);
}

test('leakwatch test names the lines of the .ts file, and so do its snapshots', async () => {
  const kept = path.join(folder, 'kept');
  const { stdout, stderr } = await leakwatch(['test', path.join(folder, 'dist', 'app.js'), '--json', '-', '--keep-snapshots', kept, ...AMOUNT]);
  assert.notEqual(stdout, '', stderr);
  const { suspects } = JSON.parse(stdout);
  const places = suspects.flatMap((/** @type {any} */ { createdAt, heldAt }) => [...createdAt, heldAt]).filter(Boolean);
  assert.ok(places.length > 0, stdout);
  for (const { file } of places) assert.equal(file, source);
  const found = places.map((/** @type {any} */ { line }) => line);
  assert.ok(found.includes(lineOf('// remembered')) || found.includes(lineOf('// timer')), JSON.stringify(places));
  assert.ok(!stdout.includes('dist/app.js:'), 'not in sentences either');

  const snapshot = path.join(kept, '3.heapsnapshot');
  const { classes, timers, modules } = await analyzeSnapshot(snapshot);
  const session = classes.find(({ name }) => name === 'Session');
  assert.deepEqual([session?.constructor?.file, session?.constructor?.line], [source, lineOf('constructor(')]);
  assert.deepEqual([timers[0].location.file, timers[0].location.line], [source, lineOf('// timer')]);
  assert.ok(modules.some(({ file }) => file === source));
  const why = await explainObject(snapshot, { class: 'Session' });
  assert.ok(why?.paths.some(({ text }) => text.startsWith(`${source} › sessions (Map)`)), JSON.stringify(why?.paths));
});

test('an inline map', async () => {
  const snapshot = path.join(folder, 'inline.heapsnapshot');
  execFileSync(process.execPath, ['-e', `require(${JSON.stringify(path.join(folder, 'inline', 'app.js'))}); require('v8').writeHeapSnapshot(${JSON.stringify(snapshot)}); process.exit()`], { env: { ...process.env, PORT: '0' } });
  const { classes, closures } = await analyzeSnapshot(snapshot, { top: 10_000 });
  assert.ok(!classes.some(({ name }) => name === 'Session'), 'no request, no session');
  const remember = closures.find(({ location }) => location.function === 'remember');
  assert.deepEqual([remember?.location.file, remember?.location.line], [source, lineOf('function remember')]);
});

test('resources() names the .ts file', () => {
  const script = `const watch = require(${JSON.stringify(path.join(__dirname, '..'))})({ track: 'all' });
    require(${JSON.stringify(path.join(folder, 'dist', 'app.js'))});
    const http = require('http');
    setTimeout(() => {
      const port = process._getActiveHandles().find((handle) => handle.address?.()?.port).address().port;
      http.get({ port, host: '127.0.0.1' }, () => { console.log(JSON.stringify(watch.resources())); process.exit(); });
    }, 100);`;
  const groups = JSON.parse(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8', env: { ...process.env, PORT: '0' } }));
  const [timer] = groups.filter((/** @type {any} */ { kind, site }) => kind === 'timer' && site[0]?.file === source);
  assert.equal(timer?.site[0].line, lineOf('// timer'), JSON.stringify(groups));
});
