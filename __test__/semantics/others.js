'use strict';
// Names and shapes of what is patched, files, servers and `Error`, as observations.
const events = require('node:events');
const fs = require('node:fs');
const http = require('node:http');
const timersPromises = require('node:timers/promises');
const util = require('node:util');
const { thrown } = require('./thrown.js');

const { EventEmitter } = events;
const patched = {
  setTimeout: () => globalThis.setTimeout,
  setInterval: () => globalThis.setInterval,
  setImmediate: () => globalThis.setImmediate,
  'promises.setTimeout': () => timersPromises.setTimeout,
  'promises.setInterval': () => timersPromises.setInterval,
  'promises.setImmediate': () => timersPromises.setImmediate,
  'scheduler.wait': () => timersPromises.scheduler.wait,
  on: () => EventEmitter.prototype.on,
  addListener: () => EventEmitter.prototype.addListener,
  prependListener: () => EventEmitter.prototype.prependListener,
  addEventListener: () => EventTarget.prototype.addEventListener,
  any: () => AbortSignal.any,
  timeout: () => AbortSignal.timeout,
  open: () => fs.open,
  openSync: () => fs.openSync,
  close: () => fs.close,
  closeSync: () => fs.closeSync,
  'fs.promises.open': () => fs.promises.open,
  'Server.emit': () => http.Server.prototype.emit,
  'ServerResponse.emit': () => http.ServerResponse.prototype.emit,
};

module.exports = {
  ...Object.fromEntries(Object.entries(patched).map(([name, get]) => [`${name}: name, length and own properties`, () => {
    const method = get();
    return [method.name, method.length, Reflect.ownKeys(method), typeof method.prototype];
  }])),
  'files: errors and arguments': async () => [
    thrown(() => fs.openSync('/nowhere/file')),
    thrown(() => fs.open('/nowhere')),
    thrown(() => fs.close('x')),
    await fs.promises.open('/nowhere/file').catch((error) => `${error.code} ${error.syscall} ${error.path}`),
    await new Promise((resolve) => fs.open('/nowhere/file', function (error, ...rest) { resolve([error.code, rest, this === undefined || this === globalThis ? 'no this' : this?.constructor?.name]); })),
    typeof await util.promisify(fs.open)(__filename).then((fd) => (fs.closeSync(fd), fd)),
  ],
  'file streams': async () => {
    const stream = fs.createReadStream(__filename, { end: 11 });
    let text = '';
    for await (const chunk of stream) text += chunk;
    const failed = fs.createReadStream('/nowhere/file');
    const [error] = await events.once(failed, 'error');
    return [text, stream.closed, stream.constructor === fs.ReadStream, error.code, new fs.ReadStream(__filename).destroy() instanceof fs.ReadStream];
  },
  'a server and its client': async () => {
    const server = http.createServer((request, response) => {
      response.setHeader('x-listeners', `${response.listenerCount('finish')} ${request.listenerCount('close')}`);
      response.end(request.url);
    });
    server.listen(0, '127.0.0.1');
    await events.once(server, 'listening');
    const response = await fetch(`http://127.0.0.1:${server.address().port}/path`);
    const seen = [await response.text(), response.headers.get('x-listeners')];
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    return seen;
  },
  'what a listener throws reaches emit': () => {
    const server = http.createServer(() => { throw new Error('mine'); });
    return thrown(() => server.emit('request', {}, {}));
  },
  'Error settings are untouched': () => {
    const limit = Object.getOwnPropertyDescriptor(Error, 'stackTraceLimit');
    const prepare = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace');
    clearTimeout(setTimeout(() => {}, 1));
    return util.isDeepStrictEqual([limit, prepare], ['stackTraceLimit', 'prepareStackTrace'].map((key) => Object.getOwnPropertyDescriptor(Error, key)));
  },
  "the application's own prepareStackTrace": () => {
    const before = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace');
    Error.prepareStackTrace = () => 'prepared';
    clearTimeout(setTimeout(() => {}, 1));
    const { stack } = new Error('x');
    if (before) Object.defineProperty(Error, 'prepareStackTrace', before);
    else delete Error.prepareStackTrace;
    return stack;
  },
  'a rejection that nobody handles is still reported': async () => {
    const seen = new Promise((resolve) => process.once('unhandledRejection', (/** @type {any} */ error) => resolve(error.code)));
    const controller = new AbortController();
    timersPromises.setTimeout(10_000, null, { signal: controller.signal });
    controller.abort();
    return seen;
  },
};
