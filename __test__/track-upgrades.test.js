'use strict';
// Connections that became something else: what they receive is served with a marker, and nothing is left on them.
const test = require('node:test');
const assert = require('node:assert/strict');
const { EventEmitter, once } = require('node:events');
const http = require('node:http');
const net = require('node:net');
const { Contexts } = require('../lib/track/contexts.js');
const { Upgrades } = require('../lib/track/upgrades.js');

const REQUEST = 'GET /game HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: game\r\n\r\n';

/**
 * A server all of whose connections are upgraded, and tell in what context they receive something.
 * @param {import('node:test').TestContext} t
 */
async function setUp(t) {
  const contexts = new Contexts(() => 'UPGRADE /game');
  const upgrades = new Upgrades(contexts);
  const server = http.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = /** @type {net.AddressInfo} */ (server.address());

  /** @param {(socket: any) => void} [before] called before the connection is served */
  const connect = async (before = () => {}) => {
    const client = net.connect(port, '127.0.0.1');
    t.after(() => client.destroy());
    client.write(REQUEST);
    const [, socket] = await once(server, 'upgrade');
    const { onread } = socket._handle;
    before(socket);
    const marker = contexts.create();
    const shape = Reflect.ownKeys(socket);
    upgrades.serve(socket, marker);
    assert.deepEqual(Reflect.ownKeys(socket), shape); // else V8 serves all other connections more slowly
    /** Sends something. @returns {Promise<object | undefined>} the marker in whose context it was received */
    const send = () =>
      new Promise((resolve) => {
        socket.once('data', () => resolve(contexts.current));
        client.write('x');
      });
    return { client, socket, marker, onread, send };
  };
  return { upgrades, connect };
}

test('each connection is served with its own marker, and what was there is put back', async (t) => {
  const { upgrades, connect } = await setUp(t);
  const [one, other] = [await connect(), await connect()];
  for (const { send, marker } of [one, other, one]) assert.equal(await send(), marker);
  upgrades.stop();
  for (const { send, socket, onread } of [one, other]) {
    assert.equal(socket._handle.onread, onread);
    assert.equal(Object.hasOwn(socket._handle, 'onread'), false);
    assert.equal(await send(), undefined);
  }
});

test('what somebody else has put on a connection stays, and is put back', async (t) => {
  const { upgrades, connect } = await setUp(t);
  const { socket, marker, onread, send } = await connect();
  const handle = socket._handle;
  const ours = handle.onread;
  let calls = 0;
  const theirs = function (...args) {
    calls += 1;
    return Reflect.apply(ours, this, args);
  };
  handle.onread = theirs;
  assert.equal(await send(), marker);
  upgrades.stop();
  assert.equal(await send(), undefined);
  assert.equal(handle.onread, theirs);
  assert.equal(calls, 2);
  // They leave: what they put back does nothing, and is taken out by the next call.
  handle.onread = ours;
  assert.equal(await send(), undefined);
  assert.equal(handle.onread, onread);
});

test('a wrapper that was there before is called, and put back', async (t) => {
  const { upgrades, connect } = await setUp(t);
  let calls = 0;
  let before;
  const { socket, marker, send } = await connect(({ _handle: handle }) => {
    const { onread } = handle;
    before = function (...args) {
      calls += 1;
      return Reflect.apply(onread, this, args);
    };
    handle.onread = before;
  });
  assert.equal(await send(), marker);
  assert.equal(calls, 1);
  upgrades.stop();
  assert.equal(socket._handle.onread, before);
});

test('one that is closed meanwhile is in nobody\'s way', async (t) => {
  const { upgrades, connect } = await setUp(t);
  const [one, other] = [await connect(), await connect()];
  const { _handle: handle } = one.socket;
  one.socket.resume();
  const closed = once(one.socket, 'close');
  one.client.end();
  one.socket.end();
  await closed;
  const { onread } = handle; // Node's own, for handles that are closed
  assert.equal(upgrades.size, 2);
  upgrades.sweep();
  assert.equal(upgrades.size, 1);
  upgrades.stop();
  assert.equal(handle.onread, onread);
  assert.equal(other.socket._handle.onread, other.onread);
});

test('a stream that is no connection of Node\'s is left as it is', () => {
  const upgrades = new Upgrades(new Contexts(() => 'UPGRADE /'));
  for (const socket of [new EventEmitter(), Object.assign(new EventEmitter(), { _handle: null }), Object.assign(new EventEmitter(), { _handle: {} })]) {
    const keys = Reflect.ownKeys(socket);
    upgrades.serve(socket, /** @type {any} */ ({}));
    assert.deepEqual(Reflect.ownKeys(socket), keys);
  }
  upgrades.stop();
});
