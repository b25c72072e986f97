'use strict';
const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');
const { explainObject } = require('../lib/index.js');
const { nodes } = require('./fixtures/nodes.js');

/** Runs code in a process of its own; it prints JSON, and has to end by itself. */
async function run(node, code) {
  const preamble = `
    const { Worker } = require('node:worker_threads');
    const { once } = require('node:events');
    const { Workers } = require(${JSON.stringify(path.join(__dirname, '..', 'lib', 'control', 'workers.js'))});
    const workers = new Workers();`;
  const child = spawn(node, ['-e', `${preamble} (async () => { ${code} })()`], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [output, errors] = ['', ''];
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (errors += chunk));
  const [exitCode] = await once(child, 'close');
  assert.deepEqual([exitCode, errors], [0, '']);
  return JSON.parse(output);
}

/** @returns {Promise<number[]>} the id of a class's object in a snapshot, and how many there are */
async function idsOf(file, className) {
  const { id, classCount } = await explainObject(file, { class: className });
  return [id, classCount];
}

/** A worker that keeps as many arrays as it is told. */
const KEEPER = `new Worker('const kept = []; require("node:worker_threads").parentPort.on("message", (n) => { for (; n > 0; n--) kept.push(new Array(100)); require("node:worker_threads").parentPort.postMessage(kept.length); })', { eval: true, name: 'keeper', execArgv: [] })`;

for (const { version, node } of nodes()) {
  test(`a worker tells how much its heap holds, and ends when it has nothing to do (Node ${version})`, async () => {
    const [before, after, left] = await run(node, `
      const worker = ${KEEPER};
      await once(worker, 'online');
      const told = [await workers.ask('measure')];
      worker.postMessage(10_000);
      await once(worker, 'message');
      told.push(await workers.ask('measure'));
      worker.unref();
      await new Promise((resolve) => setTimeout(resolve, 50));
      const exit = once(worker, 'exit');
      worker.terminate();
      await exit;
      told.push(await workers.ask('measure'));
      console.log(JSON.stringify(told));`);
    assert.deepEqual([before[0].id, before[0].name, before[0].file, left], [1, 'keeper', null, []]);
    const gained = after[0].result.heapUsed - before[0].result.heapUsed;
    assert.ok(gained > 8_000_000 && gained < 9_000_000, `${gained} bytes`);
  });

  test(`being asked keeps neither a worker nor its process alive (Node ${version})`, async () => {
    const told = await run(node, `
      const worker = new Worker('setTimeout(() => {}, 1000)', { eval: true });
      await once(worker, 'online');
      await workers.ask('startAllocationProfile');
      console.log(JSON.stringify((await workers.ask('measure')).length));`);
    assert.equal(told, 1);
  });

  test(`an object has one id in all snapshots of a worker, and of the main thread (Node ${version})`, async (t) => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'leakwatch-workers-'));
    t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
    // Ids given anew would follow the order of the heap: what was before it goes meanwhile.
    const kept = 'globalThis.before = Array.from({ length: 5000 }, () => ({})); globalThis.kept = new (class Kept {})();';
    await run(node, `
      const { Heap } = require(${JSON.stringify(path.join(__dirname, '..', 'lib', 'control', 'heap.js'))});
      const heap = new Heap();
      ${kept}
      const worker = new Worker(${JSON.stringify(`${kept} require("node:worker_threads").parentPort.on("message", () => { globalThis.before = null; })`)}, { eval: true });
      await once(worker, 'online');
      for (const round of [1, 2]) {
        await workers.askSome('snapshot', { 1: { path: ${JSON.stringify(folder)} + '/worker-' + round } });
        await heap.snapshot({ path: ${JSON.stringify(folder)} + '/main-' + round });
        globalThis.before = null;
        worker.postMessage('forget');
      }
      await worker.terminate();
      console.log('null');`);
    for (const thread of ['worker', 'main']) {
      const [first, second] = await Promise.all([1, 2].map((round) => idsOf(path.join(folder, `${thread}-${round}`), 'Kept')));
      assert.deepEqual(first, second, thread);
      assert.equal(first[1], 1, thread);
    }
  });

  test(`a worker that ends, or computes, does not answer (Node ${version})`, async () => {
    const told = await run(node, `
      const ends = new Worker('setTimeout(() => process.exit(), 150)', { eval: true });
      const computes = new Worker('for (;;);', { eval: true });
      await Promise.all([once(ends, 'online'), once(computes, 'online')]);
      const answers = await workers.ask('measure');
      await computes.terminate();
      console.log(JSON.stringify(answers));`);
    assert.deepEqual(told, []);
  });
}
