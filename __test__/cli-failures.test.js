'use strict';
const assert = require('node:assert/strict');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const { after, test } = require('node:test');
const { setTimeout: sleep } = require('node:timers/promises');
const { QUICK, isGone, leakwatch } = require('./helpers/leakwatch.js');

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'leakwatch-failures-'));
after(() => fs.rmSync(scratch, { recursive: true, force: true }));

const couldNotRun = { code: 3, stdout: '', left: [] };

test('an app that exits: its exit code and its own words', async () => {
  const { stderr, ...rest } = await leakwatch(['test', 'exits.js']);
  assert.match(stderr, /The app exited with code 7 during the test/);
  assert.match(stderr, /The last the app said:\n {2}cannot reach the database at db\.internal/);
  assert.deepEqual({ ...rest, signal: null }, { ...couldNotRun, signal: null });
});

test('an app that crashes under traffic: its stack trace', async () => {
  const { stderr, code, left } = await leakwatch(['test', 'crashes.js', ...QUICK]);
  assert.match(stderr, /exited with code 1 during the test/);
  assert.match(stderr, /Error: the twelfth request is one too many\n.*crashes\.js:6/);
  assert.deepEqual({ code, left }, { code: 3, left: [] });
});

test('an app that runs out of memory: what happened and what to do', async () => {
  const { stderr, code, left } = await leakwatch(['test', 'hoards.js', ...QUICK, '--node-arg=--max-old-space-size=40']);
  assert.match(stderr, /The app ran out of memory during the test.*--requests/);
  assert.deepEqual({ code, left }, { code: 3, left: [] });
});

test('a run that fails keeps no half files', async () => {
  const kept = path.join(scratch, 'kept');
  const { code } = await leakwatch(['test', 'crashes.js', ...QUICK, '--keep-snapshots', kept]);
  assert.equal(code, 3);
  assert.deepEqual(fs.readdirSync(kept), []);
});

test('a report that can no longer be written is on the screen, and what could not be done is said', async () => {
  const folder = fs.mkdtempSync(path.join(scratch, 'gone-'));
  const { stdout, stderr, code } = await leakwatch(['test', 'removes-folder.js', ...QUICK, '--json', path.join(folder, 'report.json'), '--', folder]);
  assert.match(stdout, /^(HEALTHY|UNDECIDED) /);
  assert.match(stderr, /Cannot write the report to .*report\.json: ENOENT.*another file for --json/);
  assert.equal(code, 3);
});

test('snapshots that cannot be kept cost nobody the report', async () => {
  const folder = path.join(scratch, 'occupied');
  fs.mkdirSync(path.join(folder, 'testrun.json', 'by a folder'), { recursive: true });
  const { stdout, stderr, code } = await leakwatch(['test', 'healthy.js', ...QUICK, '--keep-snapshots', folder]);
  assert.match(stdout, /^(HEALTHY|UNDECIDED) /);
  assert.match(stderr, /could not keep the snapshots in .*occupied: EISDIR/);
  assert.notEqual(code, 3);
});

test('a folder for snapshots that nobody can make', { skip: fs.existsSync('/proc/self') ? false : 'needs /proc' }, async () => {
  const { stderr, code } = await leakwatch(['test', 'healthy.js', '--keep-snapshots', '/proc/leaks/kept']);
  assert.match(stderr, /Cannot write to \/proc\/leaks\/kept: ENOENT/);
  assert.equal(code, 3);
});

test('an app that never listens', async () => {
  const { stderr, ...rest } = await leakwatch(['test', 'never-listens.js', '--timeout', '2']);
  assert.match(stderr, /did not listen on any TCP port within 2 s/);
  assert.match(stderr, /waiting for a message queue/);
  assert.deepEqual({ ...rest, signal: null }, { ...couldNotRun, signal: null });
});

test('a port that is taken', async () => {
  const taken = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => taken.once('listening', resolve));
  const { stderr, code } = await leakwatch(['test', 'healthy.js'], { env: { PORT: String(taken.address().port) } });
  taken.close();
  assert.match(stderr, /The app exited with code 1/);
  assert.match(stderr, /EADDRINUSE/);
  assert.equal(code, 3);
});

test('a port nobody listens on', async () => {
  const { stderr, code } = await leakwatch(['test', 'healthy.js', '--port', '9', '--timeout', '2']);
  assert.match(stderr, /did not listen on port 9 within 2 s, only on \d+/);
  assert.equal(code, 3);
});

test('a run that takes too long', async () => {
  const { stderr, code, left } = await leakwatch(['test', 'healthy.js', '--timeout', '1', '--rounds', '1000']);
  assert.match(stderr, /not over after 1 s.*--timeout/);
  assert.deepEqual({ code, left }, { code: 3, left: [] });
});

test('an app and a grandchild that ignore every signal are gone', async () => {
  const pids = path.join(scratch, 'stubborn.json');
  const { code } = await leakwatch(['test', 'stubborn.js', ...QUICK], { env: { PIDS_FILE: pids } });
  assert.notEqual(code, 3);
  for (const pid of JSON.parse(fs.readFileSync(pids, 'utf8'))) assert.ok(await isGone(pid), `process ${pid} is gone`);
});

for (const signal of /** @type {NodeJS.Signals[]} */ (['SIGINT', 'SIGTERM'])) {
  test(`${signal} ends everything, and the command by that signal`, async () => {
    const pids = path.join(scratch, `${signal}.json`);
    const { signal: endedBy, left } = await leakwatch(['test', 'stubborn.js', '--rounds', '1000'], {
      env: { PIDS_FILE: pids },
      onStart: async (child) => {
        while (!fs.existsSync(pids)) await sleep(50);
        await sleep(500);
        child.kill(signal);
      },
    });
    assert.deepEqual({ endedBy, left }, { endedBy: signal, left: [] });
    for (const pid of JSON.parse(fs.readFileSync(pids, 'utf8'))) assert.ok(await isGone(pid), `process ${pid} is gone`);
  });
}

test('an app does not outlive a command that was killed', async () => {
  const view = path.join(scratch, 'killed.json');
  await leakwatch(['test', 'lonely.js', '--rounds', '1000'], {
    env: { PIDS_FILE: view },
    onStart: async (child) => {
      while (!fs.existsSync(view)) await sleep(50);
      await sleep(300);
      child.kill('SIGKILL');
    },
  });
  for (const pid of JSON.parse(fs.readFileSync(view, 'utf8'))) assert.ok(await isGone(pid), `process ${pid} is gone`);
});

test('a full disk is refused before a snapshot is begun', () => {
  const { Workdir } = require('../lib/cli/workdir.js');
  const workdir = new Workdir(null);
  try {
    assert.throws(() => workdir.requireSpace(2 ** 60), { code: 'ERR_LEAKWATCH_DISK_FULL', message: /about \d+ MB are needed, \d+ MB are free.*TMPDIR/ });
    workdir.requireSpace(1024);
    assert.equal(fs.statSync(workdir.path).mode & 0o777, 0o700);
  } finally {
    workdir.remove();
  }
  assert.equal(fs.existsSync(workdir.path), false);
});
