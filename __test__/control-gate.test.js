'use strict';
// Which route a request will take, and a gate that lets through only one.
const test = require('node:test');
const assert = require('node:assert/strict');
const http = require('node:http');
const { once } = require('node:events');
const { Gate } = require('../lib/control/gate.js');
const { routeOfRequest } = require('../lib/control/route-of-request.js');

const routes = ['GET /users/:id', 'GET /users/me', 'POST /users', 'GET /files/*path', 'GET /api/events', 'WS /game', 'GET (unmatched)'];

for (const [method, url, route, protocol] of [
  ['GET', '/users/7?x=1', 'GET /users/:id'],
  ['GET', '/users/me', 'GET /users/me'],
  ['HEAD', '/users/7', 'GET /users/:id'],
  ['POST', '/users', 'POST /users'],
  ['POST', '/nothing', undefined],
  ['GET', '/files/a/b/c', 'GET /files/*path'],
  ['GET', '/api/events/12', 'GET /api/events'],
  ['GET', '/users/7/orders', 'GET (unmatched)'],
  ['GET', '/game?room=1', 'WS /game', 'upgrade'],
]) {
  test(`${method} ${url} takes ${route}`, () => {
    assert.equal(routeOfRequest(routes, { method, url }, protocol), route);
  });
}

test('a narrow gate answers other routes itself, and a wide one leaves no trace', async () => {
  const before = Object.getOwnPropertyDescriptor(http.Server.prototype, 'emit');
  const seen = [];
  const server = http.createServer((request, response) => {
    seen.push(request.url);
    response.end('app');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  const statusOf = async (path) => (await fetch(`http://127.0.0.1:${port}${path}`)).status;
  const gate = new Gate();
  try {
    gate.narrow({ routes: ['GET /a', 'GET /b'], only: 'GET /a', port });
    assert.deepEqual([await statusOf('/a'), await statusOf('/b')], [200, 503]);
    gate.widen();
    assert.equal(await statusOf('/b'), 200);
    assert.deepEqual(seen, ['/a', '/b']);
    assert.deepEqual(Object.getOwnPropertyDescriptor(http.Server.prototype, 'emit'), before);
  } finally {
    server.close();
    server.closeAllConnections();
  }
});
