'use strict';
// After an application's first request the middleware is out of the way. Nobody can tell: an application with it
// answers as its twin without it, requests under way included, and its layers stay where they are.
const test = require('node:test');
const assert = require('node:assert/strict');
const { once } = require('node:events');
const { createMiddleware } = require('../lib/track/middleware.js');

for (const name of ['express', 'express4']) {
  const express = require(name);

  test(`${name}: every request is answered as without it`, async () => {
    const [with_, without] = await Promise.all([answers(withEverything(express, createMiddleware())), answers(withEverything(express))]);
    assert.equal(with_[0], '200 handler {"id":"1"} /first');
    assert.deepEqual(with_, without);
  });

  test(`${name}: it stands aside after the first request, and layers keep their places`, async () => {
    const middleware = createMiddleware();
    const app = express().use(middleware, (request, response, next) => next()).get('/', (request, response) => response.end());
    const handles = () => layersOf(app).map(({ handle, route }) => route ?? handle);
    const layer = () => layersOf(app).find(({ handle }) => handle === middleware);
    const before = handles();
    assert.ok(layer().match('/'));
    await answers(app, ['GET /']);
    assert.equal(layer().match('/'), false);
    assert.equal(Object.hasOwn(layer(), 'match'), name === 'express4', 'where it can be, the layer keeps its shape');
    assert.deepEqual(handles(), before);
  });

  test(`${name}: requests under way miss no layer when it steps aside`, async () => {
    const passed = [];
    const [arrived, released] = [gate(), gate()];
    const note = (mark) => (request, response, next) => {
      passed.push(`${mark}${request.url}`);
      next();
    };
    const app = express();
    app.use(async (request, response, next) => {
      if (request.url === '/slow') {
        arrived.open();
        await released.promise;
      }
      next();
    });
    app.use(note('a'), createMiddleware(), note('b')).use((request, response) => response.end());
    await answers(app, ['GET /slow', 'GET /again'], async (port) => {
      await arrived.promise;
      await get(port, 'GET', '/fast');
      released.open();
    });
    assert.deepEqual(passed, ['a/fast', 'b/fast', 'a/slow', 'b/slow', 'a/again', 'b/again']);
  });

  test(`${name}: it stays where anything is unusual`, async () => {
    const below = createMiddleware();
    const inside = createMiddleware();
    const matched = createMiddleware();
    const router = express.Router().use(inside);
    const app = express().use('/api', below).use(router).use(matched);
    const layer = (middleware, layers = layersOf(app)) => layers.find(({ handle }) => handle === middleware);
    const { match } = layer(matched);
    const wrapped = (layer(matched).match = function (path) {
      return match.call(this, path);
    });
    app.use((request, response) => response.end());
    await answers(app, ['GET /api', 'GET /api']);
    assert.ok(layer(below).match('/api'));
    assert.ok(layer(inside, router.stack).match('/'));
    assert.equal(layer(matched).match, wrapped);
  });

  test(`${name}: a handler that somebody wrapped is called for every request`, async () => {
    let calls = 0;
    const middleware = createMiddleware();
    const app = express().use(middleware);
    const layer = layersOf(app).find(({ handle }) => handle === middleware);
    layer.handle = (request, response, next) => {
      calls += 1;
      middleware(request, response, next);
    };
    app.use((request, response) => response.end());
    await answers(app, ['GET /', 'GET /', 'GET /']);
    assert.equal(calls, 3);
  });
}

test('without Express it calls next', () => {
  let calls = 0;
  const middleware = createMiddleware();
  for (const request of [undefined, {}, { app: {} }, { app: () => {} }]) middleware(request, {}, () => (calls += 1));
  assert.equal(calls, 4);
});

/** Everything that a router does differently for a layer that matches and one that does not. */
function withEverything(express, middleware) {
  const app = express();
  app.use((request, response, next) => {
    request.seen = [request.url];
    next();
  });
  if (middleware) app.use(middleware);
  app.param('id', (request, response, next, id) => {
    request.seen.push(`param ${id}`);
    next();
  });
  app.get('/first/:id', (request, response) => response.end(`handler ${JSON.stringify(request.params)} ${request.baseUrl || '/first'}`));
  app.post('/first/:id', (request, response) => response.end('posted'));
  app.get('/fails', () => {
    throw new Error('in a handler');
  });
  const sub = express();
  if (middleware) sub.use(middleware);
  sub.get('/:id', (request, response) => response.json([request.seen, request.params, request.baseUrl, request.url]));
  app.use('/sub/:tenant', sub);
  app.use((error, request, response, next) => {
    if (request.url === '/fails') return response.status(500).end(`${error.message} ${JSON.stringify(request.params)} ${request.baseUrl}`);
    next(error);
  });
  if (middleware) app.use(middleware); // at the end: what nobody answers goes through it
  return app;
}

const REQUESTS = [
  'GET /first/1', 'GET /first/2', 'POST /first/3', 'HEAD /first/4', 'OPTIONS /first/5', 'PUT /first/6', 'GET /fails', 'GET /sub/a/7', 'GET /sub/b/8',
  'GET /sub/b', 'GET /none', 'OPTIONS /none', 'GET /first/%zz', 'GET /none?x=1', 'GET /first/9',
];

async function answers(app, requests = REQUESTS, meanwhile = async (_) => {}) {
  app.set('env', 'test'); // errors are not printed
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  const got = [];
  const alongside = meanwhile(port);
  for (const request of requests) got.push(await get(port, ...request.split(' ')));
  await alongside;
  server.close();
  return got;
}

async function get(port, method, url) {
  const response = await fetch(`http://127.0.0.1:${port}${url}`, { method, headers: { connection: 'close' } });
  const text = (await response.text()).replace(/ at .*/s, ''); // no stacks: lines differ
  return `${response.status} ${text}${response.headers.get('allow') ?? ''}`;
}

/** Express 5 has `router`; on Express 4 that property throws. */
function layersOf(app) {
  return (app._router ?? app.router).stack;
}

function gate() {
  let open = () => {};
  const promise = new Promise((resolve) => (open = resolve));
  return { promise, open: () => open() };
}
