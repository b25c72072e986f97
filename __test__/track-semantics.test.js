'use strict';
// What patched functions return, throw and report is Node's own: each behaviour is observed without and with the patch.
const test = require('node:test');
const assert = require('node:assert/strict');
const events = require('node:events');
const fs = require('node:fs');
const http = require('node:http');
const timers = require('node:timers');
const timersPromises = require('node:timers/promises');
const util = require('node:util');
const { createTracker } = require('../lib/track/index.js');

const { EventEmitter } = events;
const everything = { stacks: true, timers: true, listeners: true, handles: true, files: true, requests: true };

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

function thrown(action) {
  try {
    action();
    return 'nothing thrown';
  } catch (error) {
    return `${error.name} ${error.code} ${error.message}`;
  }
}

/** Named observations, each a value that can be compared. */
const behaviours = {
  ...Object.fromEntries(Object.entries(patched).map(([name, get]) => [`${name}: name, length and own properties`, () => {
    const method = get();
    return [method.name, method.length, Reflect.ownKeys(method), typeof method.prototype];
  }])),
  'global and module are one': () => ['setTimeout', 'setInterval', 'setImmediate'].map((name) => globalThis[name] === timers[name]),
  'on is addListener': () => EventEmitter.prototype.on === EventEmitter.prototype.addListener,
  'module promises are one': () => timers.promises === timersPromises,
  'promisify finds the promised timers': () => [
    util.promisify(setTimeout) === timersPromises.setTimeout,
    util.promisify(setImmediate) === timersPromises.setImmediate,
  ],
  'promisified timeout resolves': () => util.promisify(setTimeout)(1, 'value'),
  'promised values': async () => [await timersPromises.setTimeout(1, 'a'), await timersPromises.setImmediate('b')],
  'promised interval': async () => {
    let n = 0;
    for await (const value of timersPromises.setInterval(1, 'tick')) if (++n === 3) return [n, value];
    return n;
  },
  'aborted promised timeout': () => timersPromises.setTimeout(1000, null, { signal: AbortSignal.abort() }).catch((error) => `${error.name} ${error.code}`),
  'arguments reach the callback': () => new Promise((resolve) => setTimeout((...args) => resolve(args), 1, 'a', 'b')),
  'this of a timeout is the timer': () => new Promise((resolve) => {
    const timer = setTimeout(function () { resolve(this === timer); }, 1);
  }),
  'timer methods': () => {
    const timer = setTimeout(() => {}, 1000);
    const seen = [timer.hasRef(), timer.unref() === timer, timer.hasRef(), timer.ref() === timer, timer.refresh() === timer, timer.close() === timer];
    return [...seen, timer.constructor.name, typeof timer[Symbol.toPrimitive]()];
  },
  'cleared by its number': () => new Promise((resolve) => {
    const timer = setTimeout(() => resolve('fired'), 1);
    clearTimeout(`${timer[Symbol.toPrimitive]()}`);
    setTimeout(() => resolve('cleared'), 20);
  }),
  'timer without a function': () => [thrown(() => setTimeout('no')), thrown(() => setInterval()), thrown(() => setImmediate(null))],
  'a listener that is none': () => [thrown(() => new EventEmitter().on('x', 5)), thrown(() => new EventEmitter().once('x'))],
  'on returns its emitter': () => {
    const emitter = new EventEmitter();
    return [emitter.on('a', () => {}), emitter.prependListener('a', () => {}), emitter.once('a', () => {})].every((result) => result === emitter);
  },
  'order, once and removal': () => {
    const emitter = new EventEmitter();
    const order = [];
    const third = () => order.push('third');
    emitter.on('x', () => order.push('second'));
    emitter.prependOnceListener('x', () => order.push('first'));
    emitter.on('x', third);
    emitter.emit('x');
    emitter.off('x', third);
    emitter.emit('x');
    return [order, emitter.listenerCount('x'), emitter.eventNames()];
  },
  'newListener sees the original': () => {
    const emitter = new EventEmitter();
    const seen = [];
    emitter.on('newListener', (event, listener) => seen.push([event, listener.name, emitter.listenerCount('x')]));
    emitter.once('x', function mine() {});
    return seen;
  },
  'rawListeners of once': () => {
    const emitter = new EventEmitter();
    const listener = () => {};
    emitter.once('x', listener);
    return [emitter.rawListeners('x')[0].listener === listener, emitter.listeners('x')[0] === listener];
  },
  'an emitter that is no EventEmitter': () => {
    const plain = { };
    return thrown(() => EventEmitter.prototype.on.call(plain, 'x', () => {})) + Object.keys(plain).sort();
  },
  'the eleventh listener warns once': async () => {
    const emitter = new EventEmitter();
    const warnings = [];
    const note = (warning) => { if (warning.emitter === emitter) warnings.push([warning.name, warning.type, warning.count]); };
    process.on('warning', note);
    for (let n = 0; n < 13; n++) emitter.on('x', () => {});
    await timersPromises.setImmediate();
    process.off('warning', note);
    return warnings;
  },
  'events.once and events.on': async () => {
    const emitter = new EventEmitter();
    setImmediate(() => emitter.emit('x', 1));
    const first = await events.once(emitter, 'x');
    const iterator = events.on(emitter, 'y');
    emitter.emit('y', 2);
    const { value } = await iterator.next();
    await iterator.return();
    return [first, value, emitter.eventNames()];
  },
  'event targets': () => {
    const target = new EventTarget();
    const seen = [];
    const twice = () => seen.push('twice');
    const controller = new AbortController();
    target.addEventListener('x', twice);
    target.addEventListener('x', twice);
    target.addEventListener('x', () => seen.push('once'), { once: true });
    target.addEventListener('x', () => seen.push('until'), { signal: controller.signal });
    target.addEventListener('x', { handleEvent() { seen.push(this !== undefined); } });
    const returned = target.addEventListener('x', null);
    target.dispatchEvent(new Event('x'));
    controller.abort();
    target.dispatchEvent(new Event('x'));
    return [seen, returned, events.getEventListeners(target, 'x').length, thrown(() => target.addEventListener('x')), thrown(() => target.addEventListener('x', 5))];
  },
  'abort signals': async () => {
    const controller = new AbortController();
    const any = AbortSignal.any([controller.signal, AbortSignal.timeout(10_000)]);
    controller.abort('why');
    const awake = setInterval(() => {}, 1000); // such a timeout does not keep the process alive
    const timeout = AbortSignal.timeout(1);
    await events.once(timeout, 'abort');
    clearInterval(awake);
    return [any.aborted, any.reason, timeout.reason.name, thrown(() => AbortSignal.any(5)), thrown(() => AbortSignal.timeout('x'))];
  },
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
      response.setHeader('x-listeners', `${response.listenerCount('close')} ${request.listenerCount('close')}`);
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
};

for (const [name, observe] of Object.entries(behaviours)) {
  test(name, async () => {
    const expected = await observe();
    const tracker = createTracker(everything);
    tracker.start();
    try {
      assert.deepEqual(await observe(), expected);
    } finally {
      tracker.stop();
    }
    assert.deepEqual(await observe(), expected);
  });
}

test('a rejection that nobody handles is still reported', async () => {
  const tracker = createTracker(everything);
  tracker.start();
  const others = process.rawListeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection');
  const seen = new Promise((resolve) => process.once('unhandledRejection', (error) => resolve(error.code)));
  const controller = new AbortController();
  timersPromises.setTimeout(10_000, null, { signal: controller.signal });
  controller.abort();
  assert.equal(await seen, 'ABORT_ERR');
  for (const listener of others) process.on('unhandledRejection', listener);
  tracker.stop();
});
