'use strict';
// The tracker end to end in a program of its own: every kind of thing that is not let go, with site and route.
const test = require('node:test');
const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const { createTracker } = require('../lib/track/index.js');

const fixture = path.join(__dirname, 'fixtures', 'forgetful.js');
const lines = fs.readFileSync(fixture, 'utf8').split('\n');
const NODE = process.env.TEST_NODE || process.execPath;

/** The line that carries a mark such as `// leak: timer`. */
function lineOf(mark) {
  return lines.findIndex((line) => line.includes(`// leak: ${mark}`)) + 1;
}

/** @type {any} */
let seen;
function run() {
  if (seen) return seen;
  const child = spawnSync(NODE, ['--expose-gc', fixture], { encoding: 'utf8', timeout: 60_000 });
  assert.equal(child.status, 0, child.stderr);
  seen = JSON.parse(child.stdout);
  return seen;
}

for (const [mark, kind, name, holder] of [
  ['timer', 'timer', 'setInterval', null],
  ['promised timer', 'timer', 'setTimeout', null],
  ['listener', 'listener', 'order', 'OrderBus'],
  ['signal', 'listener', 'abort', 'AbortSignal'],
  ['watcher', 'handle', 'FSWatcher', null],
  ['stream', 'file', `${path.join(__dirname, 'fixtures')}/forgetful.js`, 'ReadStream'],
  ['descriptor', 'file', `${path.join(__dirname, 'fixtures')}/forgetful.js`, null],
  ['connection', 'socket', null, 'Socket'],
]) {
  test(`${mark}: line, count and route`, () => {
    const groups = run().groups.filter((group) => group.kind === kind && group.site[0]?.line === lineOf(mark));
    assert.equal(groups.length, 1, JSON.stringify(run().groups, null, 1));
    const [group] = groups;
    assert.equal(group.site[0].file, fixture);
    if (name !== null) assert.equal(group.name, name);
    else assert.match(group.name, /^127\.0\.0\.1:\d+$/);
    assert.equal(group.holder, holder);
    // The first three of a pile of listeners have no site, but they count.
    const same = run().groups.filter((other) => other.kind === kind && other.name === group.name && other.holder === holder);
    const total = kind === 'listener' ? same.reduce((sum, { count }) => sum + count, 0) : group.count;
    assert.equal(total, 20);
    assert.ok(group.count >= 17);
    assert.deepEqual(group.routes, [{ route: `GET /shop/:id/${mark.replace(' ', '-')}`, count: group.count }]);
  });
}

test('requests per route, with the pattern of the mount point', () => {
  const { routes, requests } = run();
  assert.equal(routes['GET /shop/:id/timer'], 20);
  assert.equal(routes['GET (unmatched)'], 3);
  assert.equal(routes['GET /files/deep'], 2);
  assert.equal(Object.values(routes).reduce((a, b) => a + b), requests);
});

test('handlers of a route are its functions', () => {
  const row = run().handlers.find(({ route }) => route === 'GET /shop/:id/timer');
  assert.deepEqual(row.functions, ['keepTimer']);
});

test('what is let go is not reported', () => {
  const healthy = lines.findIndex((line) => line.includes('// healthy from here')) + 1;
  const rows = run().groups.filter(({ site }) => site[0]?.file === fixture && site[0].line > healthy);
  assert.deepEqual(rows, []);
});

test('a response that a closure keeps is a survivor of its route', () => {
  const [row] = run().groups.filter(({ name }) => name === 'IncomingMessage');
  assert.deepEqual(row.routes, [{ route: 'GET /shop/:id/survivor', count: 20 }]);
});

test('a connection of a client is told apart from one of ours', () => {
  assert.ok(run().groups.some(({ kind, name }) => kind === 'socket' && /^:\d+ \(incoming\)$/.test(name)));
});

test('a client of a server that was there before is told apart, too', async () => {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  const tracker = createTracker({ handles: true });
  tracker.start();
  const [client] = await Promise.all([net.connect(port, '127.0.0.1'), once(server, 'connection')]);
  const names = tracker.groups().filter(({ kind }) => kind === 'socket').map(({ name }) => name);
  tracker.stop();
  client.destroy();
  server.close();
  assert.deepEqual(names.sort(), [`127.0.0.1:${port}`, `:${port} (incoming)`]);
});
