'use strict';
const assert = require('node:assert/strict');
const { execFile, spawn, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const http = require('node:http');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const { after, before, test } = require('node:test');
const { promisify } = require('node:util');
const { Worker } = require('node:worker_threads');
const { backgroundSupport, takeSnapshot } = require('../lib/capture.js');
const { fillHeap } = require('./fixtures/heap.js');
const { nodes } = require('./fixtures/nodes.js');

const options = { timeout: 60_000, skip: backgroundSupport().supported ? false : String(backgroundSupport().reason) };
const capture = JSON.stringify(require.resolve('../lib/capture.js'));
const heap = JSON.stringify(require.resolve('./fixtures/heap.js'));

/** @type {string} */
let folder;
/** @type {Map<string, object>} */
let sessions;
before(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'leakwatch-background-'));
  sessions = fillHeap(30);
});
after(() => fs.rmSync(folder, { recursive: true, force: true }));

const inside = (/** @type {string} */ name) => path.join(folder, name);
const files = (/** @type {string} */ name) => (fs.existsSync(inside(name)) ? fs.readdirSync(inside(name)) : []);

/** @returns {number[]} the processes forked from this one that still run or wait to be collected */
function children(pid = process.pid) {
  return fs.readdirSync(`/proc/${pid}/task`).flatMap((task) => {
    try {
      return fs.readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
    } catch {
      return []; // The thread has ended.
    }
  });
}

async function until(/** @type {() => unknown} */ done) {
  while (!done()) await new Promise((resolve) => setTimeout(resolve, 2));
}

/** Starts a snapshot, waits for its child, does something to it, and expects the error. */
async function interrupted(/** @type {string} */ name, /** @type {(child: number) => void} */ act, /** @type {object} */ expected, /** @type {object} */ more = {}) {
  const earlier = new Set(children());
  const snapshot = takeSnapshot({ mode: 'background', directory: inside(name), ...more });
  snapshot.catch(() => {});
  await until(() => children().some((pid) => !earlier.has(pid) && isSnapshot(pid)));
  act(/** @type {number} */ (children().find((pid) => !earlier.has(pid))));
  await assert.rejects(snapshot, { name: 'LeakWatchError', ...expected });
  assert.deepEqual(files(name), []);
  assert.deepEqual(children().filter((pid) => !earlier.has(pid)), []);
}

function isSnapshot(/** @type {number} */ pid) {
  try {
    return fs.readFileSync(`/proc/${pid}/comm`, 'utf8') === 'leakwatch-fork\n';
  } catch {
    return false;
  }
}

for (const { version, node } of options.skip ? [] : nodes()) {
  test(`what a background snapshot holds is what the process held, Node ${version}`, async () => {
    const script = `const held = require(${heap}).fillHeap(10);
      require(${capture}).takeSnapshot({ directory: ${JSON.stringify(inside('same'))}, redact: true, compression: 'zstd' }).then((r) => console.log(JSON.stringify({ ...r, held: held.size })))`;
    const { stdout } = await promisify(execFile)(node, ['-e', script]);
    const result = JSON.parse(stdout);
    assert.equal(result.mode, 'background');
    assert.ok(result.pauseMs < result.durationMs && result.nodes > result.held * 3 && result.peakChildBytes > 20e6);
    assert.equal(fs.statSync(result.path).size, result.bytes);
  });
}

for (const { version, node } of nodes()) {
  const skip = backgroundSupport().precopy ? options.skip : 'the system does not tell which pages are written to';
  test(`most of a large heap is copied before the fork, and all of it is in the snapshot, Node ${version}`, { ...options, skip }, async () => {
    const { stdout } = await promisify(execFile)(node, [path.join(__dirname, 'fixtures', 'large-heap.js'), inside('large')]);
    const { copied, isLeft, held, found } = JSON.parse(stdout);
    assert.ok(copied > 100e6, `${copied} bytes were copied`);
    assert.deepEqual(found, held);
    assert.equal(isLeft, false);
  });
}

test('the event loop runs while the child writes', options, async () => {
  let turns = 0;
  const timer = setInterval(() => { turns += 1; }, 1);
  const result = await takeSnapshot({ mode: 'background', directory: inside('turns') });
  clearInterval(timer);
  assert.equal(result.mode, 'background');
  assert.ok(turns > 20, `${turns} turns`);
  assert.ok(result.pauseMs * 5 < result.durationMs, JSON.stringify(result));
  assert.ok(result.nodes > sessions.size * 3);
});

test('from a worker thread', options, async () => {
  const worker = new Worker(`class Anemone {}; globalThis.kept = Array.from({ length: 77 }, () => new Anemone());
    const { parentPort } = require('node:worker_threads');
    require(${capture}).takeSnapshot({ mode: 'background', path: ${JSON.stringify(inside('worker'))} }).then((r) => parentPort.postMessage(r.mode));`, { eval: true });
  const [mode] = await new Promise((resolve, reject) => worker.once('error', reject).once('message', (...message) => resolve(message)));
  assert.equal(mode, 'background');
  const { nodes, strings } = JSON.parse(fs.readFileSync(inside('worker'), 'utf8'));
  assert.ok(strings.includes('Anemone') && nodes.length > 0);
});

test('a worker that ends in the middle leaves nothing', options, async () => {
  const worker = new Worker(`globalThis.kept = require(${heap}).fillHeap(20);
    require(${capture}).takeSnapshot({ mode: 'background', directory: ${JSON.stringify(inside('ended'))} }); require('node:worker_threads').parentPort.postMessage(1)`, { eval: true });
  await new Promise((resolve) => worker.once('message', resolve));
  await until(() => children().some(isSnapshot));
  await worker.terminate();
  await until(() => !children().some(isSnapshot));
  assert.deepEqual(files('ended'), []);
});

test('the child has no tie to the outside, and is the first to go when memory runs out', options, async (context) => {
  const server = http.createServer().listen(0, '127.0.0.1');
  context.after(() => server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const snapshot = takeSnapshot({ mode: 'background', directory: inside('ties') });
  await until(() => children().some(isSnapshot));
  const [child] = children().filter(isSnapshot);
  // The name is set first, the descriptors come last.
  await until(() => fs.readFileSync(`/proc/${child}/oom_score_adj`, 'utf8') === '1000\n');
  const open = () => fs.readdirSync(`/proc/${child}/fd`).map((descriptor) => fs.readlinkSync(`/proc/${child}/fd/${descriptor}`).replace(/:.*| .*/, ''));
  await until(() => !open().includes('socket'));
  assert.deepEqual([...new Set(open())].filter((target) => !['/dev/null', 'pipe', '/memfd'].includes(target)), []);
  const caught = BigInt(`0x${/SigCgt:\t(\w+)/.exec(fs.readFileSync(`/proc/${child}/status`, 'utf8'))?.[1]}`);
  // 32 and 33 are glibc's own, and nobody else can set or unset them.
  assert.equal(caught & ~0x1_8000_0000n, 0n, 'no handler of the app\'s is left');
  await snapshot;
});

test('a child killed from outside', options, () => interrupted('killed', (pid) => process.kill(pid, 'SIGKILL'), { code: 'ERR_LEAKWATCH_KILLED', message: /SIGKILL/ }));
test('a child asked to end', options, () => interrupted('terminated', (pid) => process.kill(pid, 'SIGTERM'), { code: 'ERR_LEAKWATCH_KILLED', message: /SIGTERM/ }));
test('a child that crashes is forked anew, until it is enough', options, async () => {
  const directory = inside('crashed');
  const crash = async (/** @type {number[]} */ others) => {
    await until(() => children().some((pid) => isSnapshot(pid) && !others.includes(pid)));
    const pid = children().find((pid) => isSnapshot(pid) && !others.includes(pid));
    process.kill(Number(pid), 'SIGSEGV');
    return [...others, Number(pid)];
  };
  const once = takeSnapshot({ mode: 'background', directory });
  const [, { retries }] = await Promise.all([crash([]), once]);
  assert.ok(retries >= 1);
  const always = assert.rejects(takeSnapshot({ mode: 'background', directory }), { code: 'ERR_LEAKWATCH_CRASHED', message: /signal 11/ });
  await crash(await crash(await crash([])));
  await always;
  assert.equal(files('crashed').length, 1);
});
test('a time limit', options, () => interrupted('late', () => {}, { code: 'ERR_LEAKWATCH_TIMEOUT', message: /200 ms/ }, { timeoutMs: 200 }));

test('an abort', options, async () => {
  const controller = new AbortController();
  await interrupted('aborted', () => controller.abort(new Error('enough')), { code: 'ERR_LEAKWATCH_ABORTED', cause: new Error('enough') }, { signal: controller.signal });
});

test('a second capture is refused or joins', options, async () => {
  const first = takeSnapshot({ mode: 'background', directory: inside('first') });
  const joined = takeSnapshot({ mode: 'background', directory: inside('second'), whenBusy: 'join' });
  await assert.rejects(takeSnapshot({ mode: 'background', directory: inside('second') }), { code: 'ERR_LEAKWATCH_BUSY' });
  assert.equal(await joined, await first);
  assert.deepEqual(files('second'), []);
});

test('a capture in another thread of the process is refused, of either kind and in either mode', options, async () => {
  // The worker tells its errors, then captures as soon as nobody else does.
  const worker = new Worker(`const { parentPort } = require('node:worker_threads');
    const { takeSnapshot, classHistogram } = require(${capture});
    const codeOf = (promise) => promise.then(() => 'taken', (error) => error.code);
    const directory = ${JSON.stringify(inside('other-thread'))};
    parentPort.on('message', async () => parentPort.postMessage([
      await codeOf(takeSnapshot({ mode: 'background', directory })),
      await codeOf(takeSnapshot({ mode: 'inline', directory, whenBusy: 'join' })),
      await codeOf(classHistogram({ mode: 'background' })),
      await codeOf(classHistogram({ mode: 'inline' })),
    ]));`, { eval: true });
  const inWorker = () => new Promise((resolve, reject) => { worker.once('error', reject).once('message', resolve).postMessage(0); });
  const controller = new AbortController();
  const first = takeSnapshot({ mode: 'background', directory: inside('first-thread'), signal: controller.signal });
  first.catch(() => {});
  await until(() => children().some(isSnapshot));
  assert.deepEqual(await inWorker(), new Array(4).fill('ERR_LEAKWATCH_BUSY'));
  assert.deepEqual(files('other-thread'), []);
  assert.ok(children().some(isSnapshot), 'the first one was still at work');
  controller.abort();
  await assert.rejects(first, { code: 'ERR_LEAKWATCH_ABORTED' });
  assert.deepEqual(await inWorker(), new Array(4).fill('taken'));
  await worker.terminate();
});

test('too little memory is refused beforehand, with the figures', options, async () => {
  await assert.rejects(takeSnapshot({ mode: 'background', directory: inside('small'), maxMemoryBytes: 1e6 }), { code: 'ERR_LEAKWATCH_MEMORY', message: /\d+ MB in use.* would take about \d+ MB.* allows 1 MB/ });
  assert.deepEqual(files('small'), []);
});

test('connections that the server closes meanwhile are closed for the client at once', options, async () => {
  const server = http.createServer((request, response) => response.end('ok')).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  /** @type {net.Socket[]} */
  const accepted = [];
  server.on('connection', (socket) => accepted.push(socket));
  const client = net.connect(/** @type {net.AddressInfo} */ (server.address()).port, '127.0.0.1');
  await until(() => accepted.length === 1);
  const snapshot = takeSnapshot({ mode: 'background', directory: inside('closed') });
  await until(() => children().some(isSnapshot));
  const closed = new Promise((resolve) => client.once('close', resolve));
  client.resume();
  accepted[0].destroy();
  await closed;
  assert.ok(children().some(isSnapshot), 'the child was still at work');
  await snapshot;
  server.close();
});

test('a parent that is killed leaves no orphan and no file', options, async () => {
  const script = `globalThis.held = require(${heap}).fillHeap(40); require(${capture}).takeSnapshot({ mode: 'background', directory: ${JSON.stringify(inside('orphan'))} })`;
  const parent = spawn(process.execPath, ['-e', script], { stdio: 'ignore' });
  const pid = /** @type {number} */ (parent.pid);
  await until(() => children(pid).some(isSnapshot));
  const [child] = children(pid).filter(isSnapshot);
  parent.kill('SIGKILL');
  await until(() => !fs.existsSync(`/proc/${child}`) || fs.readFileSync(`/proc/${child}/stat`, 'utf8').includes(') Z '));
  assert.deepEqual(files('orphan'), []);
});

test('SIGTERM to the process group: a server that shuts down by itself gets a clear error', options, async () => {
  const script = `globalThis.held = require(${heap}).fillHeap(40); 
    const server = setInterval(() => {}, 1000);
    const closing = new Promise((resolve) => process.on('SIGTERM', () => { console.log('closing'); resolve(); }));
    const snapshot = require(${capture}).takeSnapshot({ mode: 'background', directory: ${JSON.stringify(inside('group'))} }).catch((error) => console.log(error.code));
    Promise.all([closing, snapshot]).then(() => clearInterval(server));`;
  const server = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  let output = '';
  server.stdout.on('data', (chunk) => { output += chunk; });
  const pid = /** @type {number} */ (server.pid);
  await until(() => children(pid).some(isSnapshot));
  process.kill(-pid, 'SIGTERM');
  await new Promise((resolve) => server.once('close', resolve));
  assert.deepEqual(output.trim().split('\n').sort(), ['ERR_LEAKWATCH_KILLED', 'closing']);
  assert.deepEqual(files('group'), []);
});

test('a disk that fills up', { skip: options.skip || (process.getuid?.() !== 0 && 'needs to mount a small file system') }, async (context) => {
  fs.mkdirSync(inside('tiny'));
  const size = 100 << 20;
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'none', inside('tiny')]).status !== 0) return context.skip('mounting is not allowed here');
  const filler = path.join(inside('tiny'), 'filler');
  try {
    const snapshot = takeSnapshot({ mode: 'background', directory: inside('tiny') });
    snapshot.catch(() => {});
    await until(() => children().some(isSnapshot));
    fs.writeFileSync(filler, Buffer.alloc(size - (1 << 20)));
    await assert.rejects(snapshot, { code: 'ERR_LEAKWATCH_DISK_FULL', message: /The disk is full: .*tiny/ });
    assert.deepEqual(files('tiny'), ['filler']);
    await assert.rejects(takeSnapshot({ mode: 'background', directory: inside('tiny') }), { code: 'ERR_LEAKWATCH_DISK_FULL', message: /a file of about \d+ MB, and .*tiny has room for \d MB/ });
    assert.deepEqual(files('tiny'), ['filler']);
    assert.deepEqual(children().filter(isSnapshot), []);
  } finally {
    spawnSync('umount', [inside('tiny')]);
  }
});
