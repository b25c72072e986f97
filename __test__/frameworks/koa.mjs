import Koa from 'koa';
import { Router } from '@koa/router';
import { drive, forget } from './drive.js';

const router = new Router({ prefix: '/api/users' });
router.get('/:id', async (ctx) => {
  forget();
  ctx.body = 'a user';
});
router.post('/', (ctx) => {
  forget();
  ctx.body = 'made';
});
const server = new Koa().use(router.routes()).listen(0, '127.0.0.1', () => drive(server.address().port, ['GET /api/users/1', 'GET /api/users/2?full=1', 'POST /api/users', 'GET /nothing/7']));
