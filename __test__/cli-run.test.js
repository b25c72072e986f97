'use strict';
// `leakwatch run` and `--require leakwatch/register`: the app runs as it is, and says on a signal what it holds.
const { after, test } = require('node:test');
const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { BIN, FIXTURES, leakwatch } = require('./helpers/leakwatch.js');

const fixture = path.join(FIXTURES, 'orders.js');
const line = fs.readFileSync(fixture, 'utf8').split('\n').findIndex((text) => text.includes('// leak: timer')) + 1;
const REGISTER = path.join(__dirname, '..', 'lib', 'register.js');
const skip = process.platform === 'win32' && 'there is no SIGUSR2';

/** @type {Set<import('node:child_process').ChildProcess>} */
const children = new Set();
// A test that fails leaves nothing running.
after(() => children.forEach((child) => child.kill('SIGKILL')));

/** A running app: `said` is what it printed. */
class Running {
  said = { stdout: '', stderr: '' };

  constructor(args, env = {}) {
    this.child = spawn(process.execPath, args, { cwd: FIXTURES, env: { ...process.env, ...env } });
    for (const stream of ['stdout', 'stderr']) this.child[stream].on('data', (chunk) => (this.said[stream] += chunk));
    children.add(this.child);
    this.ended = new Promise((resolve) => this.child.once('close', (...how) => resolve(how)));
  }

  async until(stream, pattern) {
    for (let n = 0; n < 500; n++) {
      const found = pattern.exec(this.said[stream]);
      if (found) return found;
      await sleep(20);
    }
    throw new Error(`${stream} never said ${pattern}: ${JSON.stringify(this.said)}`);
  }

  /** What is printed on the signal. */
  async print(signal = 'SIGUSR2') {
    this.said.stderr = '';
    this.child.kill(signal);
    await this.until('stderr', /RESOURCES[^]*\n {3}timer[^]*\n/);
    await sleep(100); // all of it
    return this.said.stderr;
  }

  async send(count) {
    const [, port] = await this.until('stdout', /port (\d+)/);
    for (let n = 0; n < count; n++) {
      for (const name of ['orders', 'health']) await fetch(`http://127.0.0.1:${port}/${name}/${n}`, { headers: { connection: 'close' } });
    }
  }
}

test('prints what is alive and what grew since, and ends as the app does', { skip }, async () => {
  const app = new Running([BIN, 'run', 'orders.js']);
  await app.send(3);
  const first = await app.print();
  assert.match(first, new RegExp(`\\n {3}timer +3 setInterval.*\\n +orders\\.js:${line}\\n +GET /orders/:id 3\\n`));
  assert.doesNotMatch(first, /more \(/);
  await app.send(5);
  const second = await app.print();
  assert.match(second, new RegExp(`\\n {3}timer +8 setInterval, 5 more \\([\\d.]+ a minute\\).*\\n +orders\\.js:${line}\\n +GET /orders/:id 8\\n`));
  assert.doesNotMatch(second, /health/);
  app.child.kill('SIGTERM');
  assert.deepEqual(await app.ended, [7, null]);
});

test('--json has everything, --signal is the user\'s choice, and a killed app looks killed', { skip }, async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'leakwatch-run-'));
  const file = path.join(folder, 'prints.jsonl');
  try {
    const app = new Running([BIN, 'run', '--signal', 'SIGWINCH', '--json', file, 'orders.js', '--', 'defenceless']);
    await app.send(4);
    await app.print('SIGWINCH');
    await app.print('SIGWINCH');
    const prints = fs.readFileSync(file, 'utf8').trim().split('\n').map((text) => JSON.parse(text));
    assert.equal(prints.length, 2);
    const group = prints[1].resources.find(({ kind, site }) => kind === 'timer' && site.length > 0);
    assert.deepEqual([group.count, group.site[0].file, group.site[0].line], [4, fixture, line]);
    assert.deepEqual(prints[1].report.routes, [{ route: 'GET /health/:id', requests: 4 }, { route: 'GET /orders/:id', requests: 4 }]);
    assert.equal(fs.statSync(file).mode & 0o777, 0o600);
    app.child.kill('SIGTERM');
    assert.deepEqual(await app.ended, [null, 'SIGTERM']);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});

test('by hand: node --require leakwatch/register, with settings from the environment', { skip }, async () => {
  const app = new Running(['--require', REGISTER, 'orders.js'], { LEAKWATCH_OPTIONS: '{"track":"all"}', LEAKWATCH_SIGNAL: 'USR2' });
  await app.send(2);
  assert.match(await app.print(), new RegExp(`\\n {3}timer +2 setInterval.*\\n +orders\\.js:${line}\\n`));
  app.child.kill('SIGTERM');
  assert.deepEqual(await app.ended, [7, null]);
});

test('by hand: wrong settings are told, and the app runs', { skip }, async () => {
  const app = new Running(['--require', REGISTER, 'orders.js'], { LEAKWATCH_OPTIONS: '{"tracks":"all"}', LEAKWATCH_SIGNAL: 'SIGUSR1' });
  await app.send(1);
  app.child.kill('SIGTERM');
  assert.deepEqual(await app.ended, [7, null]);
  assert.match(app.said.stderr, /LEAKWATCH_OPTIONS does not count: leakWatch has no option "tracks"/);
  assert.match(app.said.stderr, /LEAKWATCH_SIGNAL does not count: SIGUSR1 cannot be used/);
});

test('by hand: a leak is told as a warning with its line', { skip }, async () => {
  const app = new Running(['--require', REGISTER, 'orders.js'], { LEAKWATCH_OPTIONS: '{"track":"all","intervalMs":100}' });
  for (let n = 0; n < 1000 && !app.said.stderr.includes('LEAKWATCH_LEAK'); n++) {
    await app.send(1);
    await sleep(20);
  }
  assert.match(app.said.stderr, new RegExp(`\\[LEAKWATCH_LEAK\\] LeakWatchWarning: .*\\nTimeout at orders\\.js:${line} by GET /orders/:id: `));
  app.child.kill('SIGTERM');
  await app.ended;
});

for (const [args, message] of [
  [['run'], /No app was named\. Expected its entry file: 'leakwatch run app\.js'/],
  [['run', '--signal', 'SIGUSR1', 'orders.js'], /SIGUSR1 cannot be used: .*inspector/],
  [['run', '--signal', 'SIGNONE', 'orders.js'], /There is no signal SIGNONE here\. Expected one such as SIGUSR2/],
  [['run', '--sginal', 'SIGUSR2', 'orders.js'], /Unknown option '--sginal'.*leakwatch run --help/],
  [['run', '--node', FIXTURES, 'orders.js'], /Could not start the app with/],
]) {
  test(args.join(' '), async () => {
    const { code, stderr } = await leakwatch(args);
    assert.equal(code, 3);
    assert.match(stderr, message);
  });
}
