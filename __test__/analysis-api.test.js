'use strict';
// The contract around the answers: their schemas, calling off, progress, the app's thread pool, worker threads.
const Ajv = require('ajv/dist/2020').default;
const assert = require('node:assert/strict');
const { execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before, test } = require('node:test');
const { promisify } = require('node:util');
const zlib = require('node:zlib');
const { analyzeSnapshot, compareSnapshots, explainObject, takeSnapshot } = require('..');

const root = path.join(__dirname, '..');
const fixtures = path.join(__dirname, 'fixtures');
let folder = '';
/** @type {string[]} */
let files = [];

before(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'leakwatch-api-'));
  execFileSync(process.execPath, [path.join(fixtures, 'heap-leaks.js'), folder, '20000']);
  execFileSync(process.execPath, [path.join(fixtures, 'heap-waiting.js'), path.join(folder, 'waiting.heapsnapshot')]);
  files = [1, 2, 3].map((number) => path.join(folder, `${number}.heapsnapshot`));
});
after(() => fs.rmSync(folder, { recursive: true, force: true }));

test('answers are as their schemas say', async () => {
  // Formats of numbers (uint64) are Rust's.
  const ajv = new Ajv({ strict: true, validateFormats: false, allowUnionTypes: true });
  const valid = (/** @type {string} */ name, /** @type {unknown} */ answer) => {
    const check = ajv.compile(JSON.parse(fs.readFileSync(path.join(root, 'schemas', `${name}.json`), 'utf8')));
    assert.ok(check(answer), JSON.stringify(check.errors));
  };
  for (const file of [...files, path.join(folder, 'waiting.heapsnapshot')]) valid('analysis', await analyzeSnapshot(file));
  valid('comparison', await compareSnapshots(files));
  valid('comparison', await compareSnapshots([files[2], files[0]]));
  valid('why', await explainObject(files[0], { class: 'Session' }));
  valid('why', await explainObject(files[0], { class: 'NoSuchClass' }));
});

test('an analysis that is called off ends soon', async () => {
  const phases = new Set();
  const controller = new AbortController();
  const why = new Error('no longer wanted');
  const analysis = compareSnapshots([...files, ...files, ...files], {
    signal: controller.signal,
    onProgress: ({ phase, fraction }) => {
      phases.add(phase);
      assert.ok(fraction < 0.5, 'not even half of it was done');
      if (phases.size > 1) controller.abort(why);
    },
  });
  await assert.rejects(analysis, { name: 'LeakWatchError', code: 'ERR_LEAKWATCH_ABORTED', cause: why });
  await assert.rejects(analyzeSnapshot(files[0], { signal: AbortSignal.abort(why) }), { code: 'ERR_LEAKWATCH_ABORTED', cause: why });
});

test('progress never goes back, and what throws in it ends the analysis', async () => {
  const fractions = [0];
  await compareSnapshots(files, { onProgress: ({ fraction }) => fractions.push(fraction) });
  assert.ok(fractions.length > 3 && fractions.every((fraction, at) => at === 0 || fraction >= fractions[at - 1]), String(fractions));
  await assert.rejects(analyzeSnapshot(files[0], { onProgress: () => { throw new RangeError('from the caller'); } }), RangeError);
});

test("the app's own pool of threads stays free", async () => {
  const script = `const { compareSnapshots } = require(${JSON.stringify(root)});
    let done = false;
    const files = ${JSON.stringify(files)};
    const busy = Promise.all([compareSnapshots(files), compareSnapshots(files)]).then(() => (done = true));
    require('fs').stat('.', () => { console.log(done); });`;
  const output = execFileSync(process.execPath, ['-e', script], { encoding: 'utf8', env: { ...process.env, UV_THREADPOOL_SIZE: '1' } });
  assert.equal(output, 'false\n', 'the only thread of the pool was there for fs.stat');
});

test('compressed snapshots are read as they are', async () => {
  const plain = await analyzeSnapshot(files[0]);
  const gzip = path.join(folder, 'a.gz');
  fs.writeFileSync(gzip, await promisify(zlib.gzip)(fs.readFileSync(files[0]), { level: 1 }));
  assert.deepEqual(await analyzeSnapshot(gzip), plain);
  const { path: zstd } = await takeSnapshot({ mode: 'inline', path: path.join(folder, 'b.zst'), compression: 'zstd', redact: true });
  assert.ok((await analyzeSnapshot(zstd)).nodes > 10_000);
});

test('the same bytes, however many processors there are', { skip: process.platform !== 'linux' && 'taskset is Linux' }, () => {
  const answers = (/** @type {string[]} */ ...prefix) => ['analyze', 'compare', 'path'].map((command) => {
    const args = { analyze: [files[0]], compare: files, path: [files[0], '--class', 'Session'] }[command] ?? [];
    const [program, ...rest] = [...prefix, process.execPath, path.join(root, 'bin', 'leakwatch.js'), command, ...args, '--json', '-'];
    return spawnSync(program, rest, { encoding: 'utf8', maxBuffer: 1 << 28 }).stdout;
  });
  const usual = answers();
  assert.ok(usual.every((text) => text.length > 1000));
  assert.deepEqual(answers(), usual);
  assert.deepEqual(answers('taskset', '-c', '0'), usual);
});

test('a worker thread, the only one that has loaded the native part, may end in the middle', () => {
  const inside = `require(${JSON.stringify(root)}).compareSnapshots(${JSON.stringify(files)}).catch(() => {});
    require('worker_threads').parentPort.postMessage('started');`;
  const script = `const { Worker } = require('worker_threads');
    const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    (async () => {
      for (let delay = 1; delay < 120; delay += 17) {
        const worker = new Worker(${JSON.stringify(inside)}, { eval: true });
        await new Promise((resolve) => worker.once('message', resolve));
        await sleep(delay);
        await worker.terminate();
      }
      await sleep(300);
      console.log('well');
    })();`;
  assert.equal(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' }), 'well\n');
});

test('options are checked', async () => {
  const refused = (/** @type {Promise<unknown>} */ call, /** @type {RegExp} */ message) => assert.rejects(call, { name: 'LeakWatchError', code: 'ERR_LEAKWATCH_OPTION', message });
  await refused(analyzeSnapshot(files[0], { top: 0 }), /`top` must be a whole number from 1 to 10000, not 0/);
  await refused(analyzeSnapshot(/** @type {any} */ (null)), /path of its file/);
  await refused(compareSnapshots([files[0]]), /two or more/);
  await refused(explainObject(files[0], {}), /by `id`, or by `class`/);
  await refused(explainObject(files[0], { id: 1, class: 'a' }), /by `id`, or by `class`/);
  await refused(explainObject(files[0], { id: 1.5 }), /`id` must be an object id/);
  await refused(explainObject(files[0], /** @type {any} */ (undefined)), /options must be|an object/i);
});
