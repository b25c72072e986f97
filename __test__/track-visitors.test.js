'use strict';
// Connections open to the servers of this process, counted by the servers themselves.
const test = require('node:test');
const assert = require('node:assert/strict');
const { once } = require('node:events');
const http = require('node:http');
const http2 = require('node:http2');
const https = require('node:https');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const v8 = require('node:v8');
const vm = require('node:vm');
const { Visitors } = require('../lib/track/visitors.js');
const { collect } = require('./helpers/collect.js');

v8.setFlagsFromString('--expose-gc');
globalThis.gc = vm.runInNewContext('gc');

const servers = {
  http: () => http.createServer(),
  https: () => https.createServer(),
  http2: () => http2.createServer(),
  'http2 over TLS': () => http2.createSecureServer(),
  net: () => net.createServer(),
};

for (const [name, create] of Object.entries(servers)) {
  test(`connections to ${name} are visitors while they are open`, async (t) => {
    const { visitors, server } = await visitable(t, create(), { port: 0, host: '127.0.0.1' });
    const { port } = server.address();
    const clients = Array.from({ length: 5 }, () => net.connect(port, '127.0.0.1').on('error', () => {}).unref());
    await until(() => visitors.count === 5);
    assert.deepEqual(visitors.ports, [port]);
    clients.slice(0, 2).forEach((client) => client.destroy());
    await until(() => visitors.count === 3);
    clients.forEach((client) => client.destroy());
    await until(() => visitors.count === 0);
  });
}

test('a socket of the file system has visitors and no port', { skip: process.platform === 'win32' }, async (t) => {
  const { visitors, server } = await visitable(t, net.createServer(), { path: path.join(os.tmpdir(), `leakwatch-visitors-${process.pid}`) });
  net.connect({ path: server.address() }).unref();
  await until(() => visitors.count === 1);
  assert.deepEqual(visitors.ports, []);
});

test('a server whose address cannot be had is a server without a port', async (t) => {
  const { visitors, server } = await visitable(t, net.createServer(), { port: 0, host: '127.0.0.1' });
  net.connect(server.address().port, '127.0.0.1').unref();
  await until(() => visitors.count === 1);
  server.address = () => {
    throw new Error('not now');
  };
  assert.deepEqual(visitors.ports, []);
});

test('servers are not kept, and none is met after the end', async () => {
  const visitors = new Visitors();
  const ref = await visited();
  await until(async () => {
    await collect(1);
    return ref.deref() === undefined;
  });
  assert.deepEqual([visitors.count, visitors.ports], [0, []]);
  visitors.stop();
  await visited();
  assert.deepEqual([visitors.count, visitors.ports], [0, []]);
});

/** A server that listens, and visitors of it who are counted, until the end of the test. */
async function visitable(t, server, where) {
  const visitors = new Visitors();
  t.after(() => {
    server.close();
    visitors.stop();
  });
  server.on('connection', (socket) => socket.unref()).listen(where);
  await once(server, 'listening');
  return { visitors, server };
}

/** @returns {Promise<WeakRef<net.Server>>} a server that had a visitor */
async function visited() {
  const server = net.createServer((socket) => socket.end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  await once(net.connect(server.address().port, '127.0.0.1').resume(), 'close');
  server.close();
  await once(server, 'close');
  return new WeakRef(server);
}

async function until(isSo) {
  for (let n = 0; !(await isSo()); n++) {
    assert.ok(n < 2_000, `still not so: ${isSo}`);
    await sleep(5);
  }
}
