'use strict';
const assert = require('node:assert/strict');
const { execFile, execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before, test } = require('node:test');
const { promisify } = require('node:util');
const { binaryPath } = require('../lib/platform.js');

const root = path.join(__dirname, '..');
const binary = path.basename(binaryPath());
// A native build takes minutes: the package that builds reuses the crates this checkout has compiled.
const environment = { ...process.env, npm_config_audit: 'false', npm_config_fund: 'false', npm_config_update_notifier: 'false', CARGO_TARGET_DIR: path.join(root, 'target') };

/** @type {string} */
let folder;
/** @type {string} */
let tarball;
before(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'leakwatch-package-'));
  const packed = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], { cwd: root, encoding: 'utf8', env: environment });
  tarball = path.join(folder, JSON.parse(packed)[0].filename);
});
after(() => fs.rmSync(folder, { recursive: true, force: true }));

/** @param {string} name @param {string} file */
async function install(name, file) {
  const app = path.join(folder, name);
  fs.mkdirSync(app);
  fs.writeFileSync(path.join(app, 'package.json'), '{ "private": true }');
  await promisify(execFile)('npm', ['install', '--offline', '--foreground-scripts', file], { cwd: app, env: environment, maxBuffer: 1 << 26 });
  fs.symlinkSync(path.join(root, 'node_modules', 'express'), path.join(app, 'node_modules', 'express'));
  return app;
}

/** @param {string} app */
function use(app) {
  const script = `const leakWatch = require('leakwatch'); const { takeSnapshot } = leakWatch;
    takeSnapshot({ mode: 'inline', directory: 'snapshots' }).then(({ nodes, path }) => { console.log(typeof leakWatch, nodes > 10000, require('fs').existsSync(path)); });`;
  const served = `const app = require('express')(); app.use(require('leakwatch')()); app.get('/', (request, response) => response.send('hello'));
    const server = app.listen(0, '127.0.0.1', () => fetch('http://127.0.0.1:' + server.address().port).then((r) => r.text()).then((text) => { console.log(text); server.closeAllConnections(); server.close(); }));`;
  assert.equal(execFileSync(process.execPath, ['-e', served], { cwd: app, encoding: 'utf8' }), 'hello\n');
  const imported = 'import leakWatch, { takeSnapshot } from "leakwatch"; console.log(typeof leakWatch, typeof takeSnapshot);';
  assert.equal(execFileSync(process.execPath, ['-e', script], { cwd: app, encoding: 'utf8' }), 'function true true\n');
  assert.equal(execFileSync(process.execPath, ['--input-type=module', '-e', imported], { cwd: app, encoding: 'utf8' }), 'function function\n');
  const help = spawnSync(process.execPath, [path.join('node_modules', '.bin', 'leakwatch'), '--help'], { cwd: app, encoding: 'utf8' });
  assert.match(help.stdout, /Usage: leakwatch/);
}

test('the packed package holds what it needs and nothing else', () => {
  const files = execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' }).trim().split('\n').map((file) => file.replace(/^package\//, ''));
  for (const needed of ['lib/index.js', 'bin/leakwatch.js', 'index.d.ts', 'Cargo.toml', 'Cargo.lock', 'build.rs', 'src/lib.rs', 'schemas/analysis.json', 'schemas/comparison.json', 'schemas/why.json', 'scripts/install.js', 'scripts/build.js', 'native/binding.d.ts', `native/${binary}`, 'LICENSE']) {
    assert.ok(files.includes(needed), `${needed} is missing`);
  }
  const linked = [...fs.readFileSync(path.join(root, 'README.md'), 'utf8').matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, file]) => file);
  assert.deepEqual(linked.filter((file) => !files.includes(file)), [], 'links of the README that lead nowhere');
  assert.deepEqual(files.filter((file) => /^(__test__|tests|target|benchmark|examples|node_modules)\//.test(file)), []);
});

test('installs into an empty folder with the ready binary inside', async () => {
  use(await install('ready', tarball));
});

test('without a ready binary it is built with cargo', { timeout: 900_000 }, async () => {
  const source = path.join(folder, 'source');
  fs.mkdirSync(source);
  execFileSync('tar', ['-xzf', tarball, '-C', source]);
  fs.rmSync(path.join(source, 'package', 'native', binary));
  const [{ filename }] = JSON.parse(execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], { cwd: path.join(source, 'package'), encoding: 'utf8', env: environment }));
  const app = await install('built', path.join(folder, filename));
  assert.ok(fs.existsSync(path.join(app, 'node_modules', 'leakwatch', 'native', binary)));
  use(app);
});

test('a missing, broken or forbidden native part is explained', () => {
  const app = path.join(folder, 'ready');
  const file = path.join(app, 'node_modules', 'leakwatch', 'native', binary);
  const message = (/** @type {string[]} */ ...flags) => execFileSync(process.execPath, [...flags, '-e', "require('leakwatch').takeSnapshot().catch((e) => console.log(e.name, e.code, e.message))"], { cwd: app, encoding: 'utf8' });
  assert.match(message('--no-addons'), /^LeakWatchError ERR_LEAKWATCH_PERMISSION .*--allow-addons/);
  fs.writeFileSync(file, 'not a library');
  assert.match(message(), /^LeakWatchError ERR_LEAKWATCH_NATIVE_LOAD .*npm rebuild leakwatch/);
  fs.rmSync(file);
  assert.match(message(), /^LeakWatchError ERR_LEAKWATCH_NATIVE_MISSING .*none was built.*npm rebuild leakwatch/);
});
