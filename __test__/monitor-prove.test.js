'use strict';
// A running server that leaks plain data: the watch proves it with snapshots from forked children.
const { describe, it, test } = require('node:test');
const assert = require('node:assert/strict');
const { fork, spawnSync } = require('node:child_process');
const { once } = require('node:events');
const { setTimeout: sleep } = require('node:timers/promises');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { backgroundSupport } = require('..');

const fixture = path.join(__dirname, 'fixtures', 'monitor-prove.js');
const namespace = process.platform === 'linux' ? fs.readlinkSync('/proc/self/ns/pid').match(/\d+/)?.[0] : '';
const skip = backgroundSupport().supported ? false : 'needs snapshots in the background';
/** Far more than the proof needs: the test ends as soon as the leak is told. */
const MOST_REQUESTS = 20_000;

const store = path.join(path.dirname(fixture), 'monitor-prove-store.js');

/** What a hot handler calls, the compiler puts into it: then no stack shows it. */
const INLINED = parseInt(process.versions.node) < 22 ? ['--interrupt-budget=2000'] : ['--invocation-count-for-maglev=20', '--invocation-count-for-turbofan=100'];

describe('a map that only grows is named, with its variable, line and route', { skip, concurrency: true }, () => {
  it('the line stands in a handler', () => isProven('handler', fixture));
  it('the line stands in what a handler calls', () => isProven('store', store));
  it('the line stands in what the compiler has put into a handler', () => isProven('store', store, INLINED));
});

/**
 * @param {'handler' | 'store'} where the fixture shall leak
 * @param {string} file whose line that is
 * @param {string[]} [flags] of Node
 */
async function isProven(where, file, flags = []) {
  const child = fork(fixture, [where], { execArgv: ['--expose-gc', ...flags], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  try {
    const { leak: report, logged, sampling } = await leakOf(child);
    assert.equal(report.verdict, 'leaking');
    const [suspect] = report.suspects;
    assert.equal(suspect.name, 'Session');
    assert.deepEqual(suspect.routes, ['POST /api/login/:user']);
    assert.deepEqual(suspect.retainerPath.slice(0, 2).map(({ name }) => path.basename(name)), [path.basename(file), 'sessions']);
    const line = fs.readFileSync(file, 'utf8').split('\n').findIndex((text) => text.includes('sessions.set(')) + 1;
    assert.equal(`${path.basename(suspect.createdAt[0].file)}:${suspect.createdAt[0].line}`, `${path.basename(file)}:${line}`);
    assert.deepEqual(fs.readdirSync(os.tmpdir()).filter((name) => name.startsWith(`leakwatch-${namespace}-${child.pid}-`)), []);
    assert.match(sampling, /was not started/);
    assert.equal(logged, 0, 'what was written to the console is not kept');
  } finally {
    child.kill('SIGKILL');
  }
}

/** Asks the server until it tells of a leak. @returns {Promise<any>} what it tells */
async function leakOf(child) {
  const [{ port }] = await once(child, 'message');
  let told;
  child.on('message', (message) => (told = message));
  for (let user = 0; user < MOST_REQUESTS && !told; user++) {
    await (await fetch(`http://127.0.0.1:${port}/api/login/user-${user}`, { method: 'POST' })).arrayBuffer();
    await (await fetch(`http://127.0.0.1:${port}/api/health`)).arrayBuffer();
    // A server under less than full load: its heap stays small while the snapshots are taken.
    await sleep(5);
  }
  assert.ok(told, 'no leak was told');
  return told;
}

const ENDS_EARLY = `
const { Prover } = require(${JSON.stringify(path.join(__dirname, '..', 'lib', 'monitor', 'prover.js'))});
const { readdirSync } = require('node:fs');
const alive = setInterval(() => {}, 1000);
new Prover(100).consider({ grows: true, requests: 0, collections: 0 }, () => ({})).then(() => {
  console.log(process.pid, readdirSync(process.env.TMPDIR).filter((name) => name.startsWith('leakwatch-${namespace}-' + process.pid)).length);
  process.exit();
});
`;

test('a process that ends before the proof is complete takes its snapshots with it', { skip }, () => {
  const ended = spawnSync(process.execPath, ['-e', '']).pid;
  const owners = [`${namespace}-${ended}`, `${namespace}-${process.pid}`, `${Number(namespace) + 1}-${ended}`];
  const [left, kept, foreign] = owners.map((owner) => fs.mkdtempSync(path.join(os.tmpdir(), `leakwatch-${owner}-`)));
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', ENDS_EARLY], { encoding: 'utf8', env: { ...process.env, TMPDIR: os.tmpdir() } });
  assert.ok(!fs.existsSync(left), 'what an ended process left is removed');
  assert.ok(fs.existsSync(kept), 'what a living one has is not');
  assert.ok(fs.existsSync(foreign), 'nor what one in another container has, whose pids mean nothing here');
  [kept, foreign].forEach((folder) => fs.rmdirSync(folder));
  const [pid, folders] = stdout.trim().split(' ');
  assert.equal(folders, '1', stderr);
  assert.deepEqual(fs.readdirSync(os.tmpdir()).filter((name) => name.startsWith(`leakwatch-${namespace}-${pid}-`)), []);
});
