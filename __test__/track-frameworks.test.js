'use strict';
// Fastify, Koa, NestJS, ws and socket.io, none of which knows of leakwatch: routes as they were written, and what they
// leave behind.
const test = require('node:test');
const assert = require('node:assert/strict');
const path = require('node:path');
const { nodes } = require('./fixtures/nodes.js');
const { prepare, run } = require('./frameworks/index.js');

prepare();
const register = path.join(__dirname, '..', 'lib', 'register.js');

const users = (post, unknown) => ({ routes: { 'GET /api/users/:id': 2, [post]: 1, [unknown]: 1 }, timers: { 'GET /api/users/:id': 2, [post]: 1 } });
const upgrades = (route) => ({ routes: { [route]: 3 }, timers: { [route]: 3 } });
const PROGRAMS = [
  [['fastify.js'], users('POST /api/users', 'GET /nothing')],
  [['koa.js'], users('POST /api/users', 'GET /nothing')],
  [['koa.mjs'], users('POST /api/users', 'GET /nothing')],
  [['nest.js', 'express'], users('POST /api/users', 'GET (unmatched)')],
  [['nest.js', 'fastify'], users('POST /api/users', 'GET /nothing')],
  [['sockets.js', 'ws'], upgrades('WS /game')],
  [['sockets.js', 'socket.io'], upgrades('WS /socket.io')],
];

for (const { node, version } of nodes()) {
  for (const [program, expected] of PROGRAMS) {
    const [flag] = program[0].endsWith('.mjs') ? ['--import'] : ['--require'];
    test(`${program.join(' ')} with ${flag} leakwatch/register, ${version}`, async () => {
      assert.deepEqual(await run(node, [flag, register, ...program]), expected);
    });
  }

  test(`fastify.js and leakWatch() called before it, ${version}`, async () => {
    const watching = path.join(__dirname, 'frameworks', 'watching.js');
    assert.deepEqual(await run(node, ['--require', watching, 'fastify.js']), PROGRAMS[0][1]);
  });
}
