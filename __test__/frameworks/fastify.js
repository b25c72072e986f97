'use strict';
const fastify = require('fastify')();
const { drive, forget } = require('./drive.js');

fastify.register((instance, _, done) => {
  instance.get('/users/:id', async () => {
    forget();
    return 'a user';
  });
  instance.post('/users', (request, reply) => {
    forget();
    reply.send('made');
  });
  done();
}, { prefix: '/api' });

fastify.listen({ port: 0, host: '127.0.0.1' }).then(() => {
  return drive(fastify.server.address().port, ['GET /api/users/1', 'GET /api/users/2?full=1', 'POST /api/users', 'GET /nothing/7']);
});
