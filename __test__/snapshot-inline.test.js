'use strict';
const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before, test } = require('node:test');
const { Worker } = require('node:worker_threads');
const zlib = require('node:zlib');
const { takeSnapshot } = require('../lib/capture.js');
const { LeakWatchError } = require('../lib/errors.js');

/** @type {string} */
let folder;
before(() => { folder = fs.mkdtempSync(path.join(os.tmpdir(), 'leakwatch-inline-')); });
after(() => fs.rmSync(folder, { recursive: true, force: true }));

class Lighthouse {
  constructor() { this.keeper = ['keeper', 'of', 'the', 'light'].join(' '); }
}
const kept = Array.from({ length: 321 }, () => new Lighthouse());

/** @param {string} text */
function countOf(text, name = 'Lighthouse') {
  const { snapshot, nodes, strings } = JSON.parse(text);
  const { node_fields: fields, node_types: types } = snapshot.meta;
  const index = strings.indexOf(name);
  let count = 0;
  for (let node = 0; node < nodes.length; node += fields.length) {
    if (types[0][nodes[node + fields.indexOf('type')]] === 'object' && nodes[node + fields.indexOf('name')] === index) count += 1;
  }
  return count;
}

test('writes the heap that is there, for the owner only', async () => {
  const directory = path.join(folder, 'new', 'folder');
  const result = await takeSnapshot({ mode: 'inline', directory });
  assert.match(path.basename(result.path), new RegExp(`^leakwatch-${process.pid}-\\d{8}T\\d{6}Z-\\d+\\.heapsnapshot$`));
  const text = fs.readFileSync(result.path, 'utf8');
  assert.equal(countOf(text), kept.length);
  const { snapshot } = JSON.parse(text);
  assert.equal(result.nodes, snapshot.node_count);
  assert.equal(result.edges, snapshot.edge_count);
  assert.equal(result.bytes, fs.statSync(result.path).size);
  assert.equal(fs.statSync(result.path).mode & 0o777, 0o600);
  assert.equal(fs.statSync(directory).mode & 0o777, 0o700);
  assert.deepEqual(fs.readdirSync(directory), [path.basename(result.path)]);
  assert.equal(result.mode, 'inline');
  assert.ok(result.pauseMs > 0 && result.pauseMs <= result.durationMs);
});

test('replaces the file a person named, and compresses', async () => {
  const file = path.join(folder, 'named.gz');
  fs.writeFileSync(file, 'old');
  const result = await takeSnapshot({ mode: 'inline', path: file, compression: 'gzip' });
  assert.equal(result.path, file);
  assert.equal(countOf(zlib.gunzipSync(fs.readFileSync(file)).toString()), kept.length);
});

test('a capped folder loses its oldest snapshots, never what a person named', async () => {
  const directory = path.join(folder, 'capped');
  fs.mkdirSync(directory);
  fs.writeFileSync(path.join(directory, 'mine.heapsnapshot'), 'precious');
  const take = () => takeSnapshot({ mode: 'inline', directory, keep: { files: 2 } });
  const [first, second, third] = [await take(), await take(), await take()];
  assert.deepEqual(fs.readdirSync(directory).sort(), [second.path, third.path, 'mine.heapsnapshot'].map((file) => path.basename(file)).sort());
  assert.deepEqual([second.removed, third.removed], [[], [first.path]]);
});

test('redacts values, keeps names and the graph', async () => {
  const secret = ['moby', 'dick', process.pid].join('-');
  const holder = { [`property${secret}`]: {}, value: `value${secret}`, map: new Map([[`key${secret}`, 1]]), wide: `ψ${secret}` };
  const result = await takeSnapshot({ mode: 'inline', path: path.join(folder, 'redacted'), redact: true });
  const text = fs.readFileSync(result.path, 'utf8');
  assert.equal(result.redacted, true);
  assert.equal(countOf(text), kept.length);
  assert.deepEqual([...new Set(text.match(new RegExp(`\\w+${secret}`, 'g')))], [`property${secret}`]);
  assert.ok(holder.map.size);
});

test('an unusable place is an error with a code, and leaves nothing', async () => {
  const file = path.join(folder, 'file');
  fs.writeFileSync(file, '');
  await assert.rejects(takeSnapshot({ mode: 'inline', path: path.join(file, 'below') }), { name: 'LeakWatchError', code: 'ERR_LEAKWATCH_PATH' });
  await assert.rejects(takeSnapshot({ mode: 'inline', path: folder }), { code: 'ERR_LEAKWATCH_PATH', message: /not a regular file/ });
  await assert.rejects(takeSnapshot({ mode: 'inline', path: '/proc/none' }), { code: 'ERR_LEAKWATCH_PATH' });
});

test('a full disk is an error, and V8 is not left waiting', async () => {
  if (!fs.existsSync('/dev/full')) return;
  // A limit on the size of files fails like a full disk does: in the middle of a write.
  const script = `process.on('SIGXFSZ', () => {});
    require(${JSON.stringify(require.resolve('../lib/capture.js'))}).takeSnapshot({ mode: 'inline', directory: ${JSON.stringify(path.join(folder, 'full'))} })
      .then(() => console.log('written'), (error) => console.log(error.code, error.message));`;
  const ran = spawnSync('/bin/sh', ['-c', 'ulimit -f 100; exec "$0" -e "$1"', process.execPath, script], { encoding: 'utf8' });
  assert.match(ran.stdout, /^ERR_LEAKWATCH_(PATH|DISK_FULL) .*full/, ran.stderr);
  assert.deepEqual(fs.readdirSync(path.join(folder, 'full')), []);
});

test('wrong options are named', async () => {
  const wrong = (/** @type {any} */ options) => assert.rejects(takeSnapshot(options), (error) => error instanceof LeakWatchError && error.code === 'ERR_LEAKWATCH_OPTION');
  for (const options of [null, 'file', { path: 3 }, { path: '' }, { path: 'a', directory: 'b' }, { mode: 'later' }, { signal: {} }, { onProgress: 1 }, { redact: 'yes' }, { compression: 'rar' }, { keep: { days: 3 } }, { keep: { files: 0 } }, { path: 'a', keep: { files: 1 } }, { file: 'x' }]) await wrong(options);
  await assert.rejects(takeSnapshot(/** @type {any} */ ({ file: 'x' })), { message: /no option "file" here/ });
});

test('an abort before or meanwhile leaves nothing', async () => {
  const directory = path.join(folder, 'aborted');
  await assert.rejects(takeSnapshot({ mode: 'inline', directory, signal: AbortSignal.abort('early') }), { code: 'ERR_LEAKWATCH_ABORTED', cause: 'early' });
  const controller = new AbortController();
  process.nextTick(() => controller.abort('late'));
  const aborted = takeSnapshot({ mode: 'inline', directory, signal: controller.signal }).then((result) => result.path, (error) => error.code);
  assert.ok(['ERR_LEAKWATCH_ABORTED', path.join(directory, fs.readdirSync(directory)[0] ?? '')].includes(await aborted));
});

test('one capture at a time; a second one joins or is refused', async () => {
  const first = takeSnapshot({ mode: 'inline', directory: folder });
  const joined = takeSnapshot({ mode: 'inline', directory: folder, whenBusy: 'join' });
  const refused = takeSnapshot({ mode: 'inline', directory: folder });
  await assert.rejects(refused, { code: 'ERR_LEAKWATCH_BUSY' });
  assert.equal(await joined, await first);
});

test('works in a worker thread', async () => {
  const file = path.join(folder, 'worker');
  const worker = new Worker(`class Anemone {}; globalThis.kept = Array.from({ length: 77 }, () => new Anemone());
    require(${JSON.stringify(require.resolve('../lib/capture.js'))}).takeSnapshot({ mode: 'inline', path: ${JSON.stringify(file)} });`, { eval: true });
  await new Promise((resolve, reject) => worker.once('exit', resolve).once('error', reject));
  assert.equal(countOf(fs.readFileSync(file, 'utf8'), 'Anemone'), 77);
});

test('under --permission says which flag is missing', () => {
  const permission = process.allowedNodeEnvironmentFlags.has('--permission') ? '--permission' : '--experimental-permission';
  const script = `require(${JSON.stringify(require.resolve('../lib/capture.js'))}).takeSnapshot({ mode: 'inline', directory: ${JSON.stringify(path.join(folder, 'p'))} }).then((r) => console.log('written'), (e) => console.log(e.code, e.message))`;
  const run = (/** @type {string[]} */ ...flags) => spawnSync(process.execPath, [permission, '--allow-fs-read=*', ...flags, '-e', `try { ${script} } catch (e) { console.log(e.code, e.message) }`], { encoding: 'utf8' }).stdout;
  assert.match(run(), /^ERR_LEAKWATCH_PERMISSION .*--allow-addons/);
  assert.match(run('--allow-addons'), /^ERR_LEAKWATCH_PERMISSION .*--allow-fs-write/);
  assert.match(run('--allow-addons', `--allow-fs-write=${path.join(folder, '*')}`), /^ERR_LEAKWATCH_PERMISSION .*--allow-fs-write=\/proc\/self\/fd\/\*/);
  assert.equal(run('--allow-addons', `--allow-fs-write=${path.join(folder, '*')}`, '--allow-fs-write=/proc/self/fd/*'), 'written\n');
});
