'use strict';
const assert = require('node:assert/strict');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const { after, test } = require('node:test');
const { FIXTURES, QUICK, leakwatch } = require('./helpers/leakwatch.js');

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'leakwatch-app-'));
after(() => fs.rmSync(scratch, { recursive: true, force: true }));

test('the app sees nothing of the test, nor do its children', async () => {
  const file = path.join(scratch, 'view.json');
  const { code, stderr } = await leakwatch(['test', 'curious.js', ...QUICK, '--node-arg=--no-deprecation', '--', '--color', 'x'], { env: { VIEW_FILE: file } });
  assert.notEqual(code, 3, stderr);
  const { grandchild, ...view } = JSON.parse(fs.readFileSync(file, 'utf8'));
  assert.deepEqual(view, {
    argv: [path.join(FIXTURES, 'curious.js'), '--color', 'x'],
    execArgv: ['--no-deprecation'],
    cwd: FIXTURES,
    nodeEnv: 'production',
    env: [],
    gc: 'undefined',
    globals: [],
    send: 'undefined',
    listen: [net.Server.prototype.listen.name, net.Server.prototype.listen.length],
    keepsAlive: 1, // its child's channel
  });
  assert.equal(grandchild.env.some((name) => /leak/i.test(name) && !name.startsWith('npm_')), false);
  assert.deepEqual(grandchild.execArgv, ['--no-deprecation']);
  assert.equal(grandchild.sockets, 3, "the app's two outputs and fork's channel");
});

test('NODE_ENV stays as it is', async () => {
  const file = path.join(scratch, 'env.json');
  await leakwatch(['test', 'curious.js', ...QUICK], { env: { VIEW_FILE: file, NODE_ENV: 'staging' } });
  assert.equal(JSON.parse(fs.readFileSync(file, 'utf8')).nodeEnv, 'staging');
});

test('of several servers the Express app gets the traffic, even when it comes last', async () => {
  const { code, stderr } = await leakwatch(['test', 'several-servers.js', ...QUICK]);
  assert.doesNotMatch(stderr, /never succeeded/);
  assert.notEqual(code, 3, stderr);
});

test('--port chooses another', async () => {
  const port = await freePort();
  const { code, stderr } = await leakwatch(['test', 'several-servers.js', '--port', String(port), ...QUICK], { env: { HEALTH_PORT: String(port) } });
  assert.match(stderr, new RegExp(`warming up http://127\\.0\\.0\\.1:${port}`));
  assert.match(stderr, /GET \/ never succeeded: 503/);
  assert.notEqual(code, 3, stderr);
});

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = /** @type {net.AddressInfo} */ (server.address());
  await new Promise((resolve) => server.close(resolve));
  return port;
}
