'use strict';
// Responses under way: each is told once it is closed, with what is known of its request, and none is kept.
const test = require('node:test');
const assert = require('node:assert/strict');
const { EventEmitter, once } = require('node:events');
const http = require('node:http');
const net = require('node:net');
const { setImmediate } = require('node:timers/promises');
const { LeakWatchRequest } = require('../lib/track/contexts.js');
const { createTracker } = require('../lib/track/index.js');
const { Responses } = require('../lib/track/responses.js');

const lookAt = (request) => ({ request, marker: new LeakWatchRequest(), standsFor: 1 });

test('a response that is closed tells what is known of its request, once', () => {
  const told = [];
  const responses = new Responses((...closed) => told.push(closed));
  const [first, second] = [new EventEmitter(), new EventEmitter()];
  const looks = [lookAt('first'), lookAt('second')];
  responses.watch(first, looks[0]);
  responses.watch(second, looks[1]);
  second.emit('close');
  second.emit('close');
  first.emit('close');
  assert.deepEqual(told, [[second, looks[1]], [first, looks[0]]]);
  assert.equal(responses.size, 0);
  assert.deepEqual([first, second].map((response) => response.listenerCount('close')), [0, 0]);
});

test('whoever listens to a response is told what it tells, whatever happens here', () => {
  const responses = new Responses(() => assert.fail('no'));
  const response = new EventEmitter();
  responses.watch(response, lookAt('x'));
  let closed = 0;
  response.on('close', () => (closed += 1));
  response.emit('close');
  assert.equal(closed, 1);
});

test('what is under way when the watch ends keeps no listener, and tells nothing', () => {
  const responses = new Responses(() => assert.fail('nothing was closed while it was watched'));
  const response = new EventEmitter();
  const own = () => {};
  response.on('close', own);
  responses.watch(response, lookAt('x'));
  responses.stop();
  assert.deepEqual(response.listeners('close'), [own]);
  response.emit('close');
  assert.equal(responses.size, 0);
});

test('Node warns of as many listeners of the application as without a watch, and as many are allowed afterwards', async (t) => {
  const warned = [];
  const onWarning = ({ name, count }) => warned.push({ name, count });
  t.after(() => process.off('warning', onWarning));
  process.on('warning', onWarning);
  const listening = (listeners) => {
    const response = new EventEmitter();
    new Responses(() => {}).watch(response, lookAt('x'));
    for (let n = 0; n < listeners; n++) response.on('close', () => {});
    return response;
  };
  const ten = listening(10);
  await setImmediate();
  assert.deepEqual(warned, []);
  listening(11);
  await setImmediate();
  assert.deepEqual(warned, [{ name: 'MaxListenersExceededWarning', count: 12 }]); // ours among them
  ten.emit('close');
  assert.equal(ten.getMaxListeners(), EventEmitter.defaultMaxListeners);
});

test('a response that may have any number of listeners still may', () => {
  const responses = new Responses(() => {});
  const response = new EventEmitter().setMaxListeners(0);
  responses.watch(response, lookAt('x'));
  assert.equal(response.getMaxListeners(), 0);
  responses.stop();
  assert.equal(response.getMaxListeners(), 0);
});

test('a response that cannot take out a listener does not keep a watch from ending', () => {
  const responses = new Responses(() => {});
  const response = Object.assign(new EventEmitter(), { off: undefined });
  const last = new EventEmitter();
  for (const watched of [response, last]) responses.watch(watched, lookAt('x'));
  responses.stop();
  assert.equal(last.listenerCount('close'), 0);
  assert.equal(responses.size, 0);
});

test('of very many responses under way some have no place', () => {
  const responses = new Responses(() => {});
  const all = Array.from({ length: 65_537 }, () => new EventEmitter());
  const watched = all.filter((response) => responses.watch(response, lookAt('x')));
  assert.deepEqual(watched, all.slice(0, -1));
  responses.stop();
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
  assert.deepEqual(routesOf(({ kind }) => kind === 'context'), expected); // found when their responses were closed, and kept by the timers
  assert.deepEqual(tracker.routes(), expected);
});
