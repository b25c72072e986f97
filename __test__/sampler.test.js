'use strict';
const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');
const { Worker } = require('node:worker_threads');
const native = require('../lib/native.js');

const nativeFile = JSON.stringify(require.resolve('../lib/native.js'));
const linuxOnly = { skip: process.platform !== 'linux' && 'reads /proc' };

test('one reading agrees with what Node and the kernel say', linuxOnly, () => {
  const reading = native.readProcess();
  const near = (/** @type {number | null} */ a, /** @type {number} */ b) => assert.ok(a !== null && Math.abs(a - b) < 16 * 1024 * 1024, `${a} and ${b}`);
  near(reading.rss, process.memoryUsage.rss());
  assert.equal(reading.threads, fs.readdirSync('/proc/self/task').length);
  assert.equal(reading.fds, fs.readdirSync('/proc/self/fd').length - 1);
  assert.ok(reading.anonymous !== null && reading.anonymous < Number(reading.rss));
  assert.equal(reading.reason, null);
  assert.ok(Math.abs(reading.atMs - Date.now()) < 60_000);
});

test('open descriptors are grouped by what they refer to', linuxOnly, async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'leakwatch-fds-'));
  const opened = ['report-1.csv', 'report-2.csv', 'report-33.csv'].map((name) => fs.openSync(path.join(folder, name), 'w'));
  const server = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = /** @type {net.AddressInfo} */ (server.address());
  const client = net.connect(port, '127.0.0.1');
  await Promise.all([new Promise((resolve) => client.once('connect', resolve)), new Promise((resolve) => server.once('connection', resolve))]);
  const groups = native.openFiles();
  const find = (/** @type {string} */ kind, /** @type {RegExp} */ name, /** @type {string | null} */ state) => groups.find((group) => group.kind === kind && name.test(group.name) && group.state === state)?.count;
  assert.equal(find('file', /report-\*\.csv$/, null), 3);
  assert.equal(find('socket', new RegExp(`^127\\.0\\.0\\.1:${port}$`), 'LISTEN'), 1);
  assert.equal(find('socket', new RegExp(`^127\\.0\\.0\\.1:${port}$`), 'ESTABLISHED'), 1);
  assert.equal(find('socket', new RegExp(`^:${port} \\(incoming\\)$`), 'ESTABLISHED'), 1);
  assert.ok(groups.some((group) => group.kind === 'anonymous' && group.name === 'eventpoll'));
  client.destroy();
  server.close();
  opened.forEach((descriptor) => fs.closeSync(descriptor));
  fs.rmSync(folder, { recursive: true });
});

/** The name of a thread; '' when it has just ended. */
function nameOf(task) {
  try {
    return fs.readFileSync(`/proc/self/task/${task}/comm`, 'utf8');
  } catch {
    return '';
  }
}

test('sampling fills a bounded ring, stops, and starts again', linuxOnly, async () => {
  const until = async (/** @type {() => boolean} */ done) => { while (!done()) await new Promise((resolve) => setTimeout(resolve, 5)); };
  native.samplerStart({ intervalMs: 10, capacity: 3 });
  native.samplerStart({ intervalMs: 10, capacity: 99 });
  await until(() => native.samplerSamples().length === 3);
  const [first] = native.samplerSamples();
  await until(() => native.samplerSamples()[0].atMs > first.atMs);
  const samples = native.samplerSamples();
  assert.equal(samples.length, 3);
  const newest = native.samplerNewest();
  assert.ok(newest && newest.atMs >= samples[2].atMs);
  native.samplerStop();
  native.samplerStop();
  assert.deepEqual(native.samplerSamples(), []);
  assert.equal(native.samplerNewest(), null);
  const sampling = () => fs.readdirSync('/proc/self/task').filter((task) => nameOf(task).startsWith('leakwatch-sampl')).length;
  await until(() => sampling() === 0);
  const worker = new Worker(`require(${nativeFile}).samplerStart({ intervalMs: 10, capacity: 3 })`, { eval: true });
  await new Promise((resolve) => worker.once('exit', resolve));
  await until(() => sampling() === 0);
});

test('a running sampler does not keep the process alive', linuxOnly, () => {
  const ran = spawnSync(process.execPath, ['-e', `require(${nativeFile}).samplerStart({ intervalMs: 10, capacity: 3 })`], { timeout: 30_000 });
  assert.equal(ran.status, 0);
});

test('without /proc the readings are null, with a reason', { skip: (process.platform !== 'linux' || process.getuid?.() !== 0) && 'needs to unmount /proc' }, (context) => {
  const script = `const { rss, fds, threads, reason } = require(${nativeFile}).readProcess(); console.log(JSON.stringify({ rss, fds, threads, reason, files: require(${nativeFile}).openFiles() }))`;
  const ran = spawnSync('unshare', ['-m', 'sh', '-c', 'mount -t tmpfs none /proc && exec "$0" -e "$1"', process.execPath, script], { encoding: 'utf8' });
  if (ran.error || ran.status !== 0) return context.skip('mount namespaces are not allowed here');
  const { reason, ...rest } = JSON.parse(ran.stdout);
  assert.deepEqual(rest, { rss: null, fds: null, threads: null, files: [] });
  assert.match(reason, /\/proc\/self\/status cannot be read/);
});
