'use strict';
// Contexts of what is under way on a connection: each response finds its own, and none is kept longer than the connection is open.
const test = require('node:test');
const assert = require('node:assert/strict');
const { EventEmitter, once } = require('node:events');
const http = require('node:http');
const net = require('node:net');
const { Connections } = require('../lib/track/connections.js');
const { LeakWatchRequest } = require('../lib/track/contexts.js');
const { createTracker } = require('../lib/track/index.js');

const responseTo = (request) => ({ req: request, writableFinished: false });

test('a response finds its own context, once', () => {
  const connections = new Connections(() => assert.fail('nothing was cut off'));
  const socket = new EventEmitter();
  connections.watch(socket);
  const [first, second, plain] = [responseTo('first'), responseTo('second'), responseTo('plain')];
  const markers = [new LeakWatchRequest(), new LeakWatchRequest()];
  connections.mark(socket, first, markers[0]);
  connections.mark(socket, second, markers[1]);
  assert.equal(connections.take(socket, plain), undefined);
  assert.equal(connections.take(socket, second), markers[1]);
  assert.equal(connections.take(socket, second), undefined);
  assert.equal(connections.take(socket, first), markers[0]);
  assert.equal(connections.take(undefined, first), undefined);
  connections.stop();
  assert.deepEqual(Reflect.ownKeys(socket), Reflect.ownKeys(new EventEmitter()));
  assert.equal(socket.listenerCount('close'), 0);
});

test('a connection that closes tells what it cut off, and keeps no context', () => {
  const told = [];
  const connections = new Connections((...cutOff) => told.push(cutOff));
  const socket = new EventEmitter();
  connections.watch(socket);
  const [served, waiting] = [responseTo('served'), responseTo('waiting')];
  const marker = new LeakWatchRequest();
  connections.mark(socket, served, marker);
  connections.mark(socket, waiting, new LeakWatchRequest());
  socket._httpMessage = served; // as Node has it
  socket.emit('close');
  assert.deepEqual(told, [['served', served, marker]]);
  assert.equal(connections.take(socket, waiting), undefined);
});

test('a connection keeps few contexts when nothing ever tells that its responses are finished', () => {
  const connections = new Connections(() => {});
  const socket = new EventEmitter();
  connections.watch(socket);
  const responses = Array.from({ length: 1000 }, (_, n) => responseTo(n));
  for (const response of responses) connections.mark(socket, response, new LeakWatchRequest());
  const kept = responses.filter((response) => connections.take(socket, response));
  assert.deepEqual(kept, responses.slice(-64));
});

test('requests that wait for each other on one connection keep their own routes', async (t) => {
  const tracker = createTracker({ timers: true });
  tracker.countRequests({ contextsPerSecond: Infinity, samplesPerSecond: Infinity });
  tracker.start();
  tracker.follow('requests');
  t.after(() => tracker.stop());
  const timers = [];
  const server = http.createServer((request, response) => {
    // What came first is answered last.
    setTimeout(() => {
      timers.push(setInterval(() => {}, 3_600_000));
      response.end();
    }, request.url === '/slow' ? 60 : 0);
  });
  t.after(() => {
    timers.forEach(clearInterval);
    server.close();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const socket = net.connect(/** @type {net.AddressInfo} */ (server.address()).port, '127.0.0.1');
  const get = (path, more) => `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: ${more ? 'keep-alive' : 'close'}\r\n\r\n`;
  socket.resume().write(get('/slow', true) + get('/quick', true) + get('/last', false));
  await once(socket, 'close');
  const groups = tracker.groups();
  const routesOf = (wanted) => Object.fromEntries(groups.filter(wanted).flatMap(({ routes }) => routes.map(({ route, count }) => [route, count])));
  const expected = { 'GET /slow': 1, 'GET /quick': 1, 'GET /last': 1 };
  assert.deepEqual(routesOf(({ kind, delayMs }) => kind === 'timer' && delayMs === 3_600_000), expected);
  assert.deepEqual(routesOf(({ kind }) => kind === 'context'), expected); // found when their responses were finished, and kept by the timers
  assert.deepEqual(tracker.routes(), expected);
});
