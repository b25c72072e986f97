'use strict';
// argv: express | fastify. The decorators of TypeScript, called by hand.
require('reflect-metadata');
const { Controller, Get, Module, Post } = require('@nestjs/common');
const { NestFactory } = require('@nestjs/core');
const { drive, forget } = require('./drive.js');

class Users {
  one() {
    forget();
    return 'a user';
  }

  make() {
    forget();
    return 'made';
  }
}
const decorate = (name, decorator) => decorator(Users.prototype, name, Object.getOwnPropertyDescriptor(Users.prototype, name));
decorate('one', Get(':id'));
decorate('make', Post());
Controller('users')(Users);

class AppModule {}
Module({ controllers: [Users] })(AppModule);

async function main() {
  const { FastifyAdapter } = require('@nestjs/platform-fastify');
  const adapter = process.argv[2] === 'fastify' ? [new FastifyAdapter()] : [];
  const app = await NestFactory.create(AppModule, ...adapter, { logger: false });
  app.setGlobalPrefix('api');
  await app.listen(0, '127.0.0.1');
  await drive(app.getHttpServer().address().port, ['GET /api/users/1', 'GET /api/users/2?full=1', 'POST /api/users', 'GET /nothing/7']);
}

main();
