'use strict';
const Koa = require('koa');
const { Router } = require('@koa/router');
const { drive, forget } = require('./drive.js');

const users = new Router({ prefix: '/users' });
users.get('/:id', async (ctx) => {
  forget();
  ctx.body = 'a user';
});
users.post('/', (ctx) => {
  forget();
  ctx.body = 'made';
});
const api = new Router({ prefix: '/api' });
api.use(users.routes());
const app = new Koa();
app.use(api.routes());
const server = app.listen(0, '127.0.0.1', () => drive(server.address().port, ['GET /api/users/1', 'GET /api/users/2?full=1', 'POST /api/users', 'GET /nothing/7']));
