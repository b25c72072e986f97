'use strict';
// What Node's documentation says of EventEmitter, as observations: each a value that can be compared.
const events = require('node:events');
const { setImmediate: turn } = require('node:timers/promises');
const { thrown } = require('./thrown.js');

const { EventEmitter } = events;
const nothing = () => {};

module.exports = {
  'on is addListener, and off removeListener': () => [EventEmitter.prototype.on === EventEmitter.prototype.addListener, EventEmitter.prototype.off === EventEmitter.prototype.removeListener],
  'no listener is no listener': () => ['on', 'addListener', 'once', 'prependListener', 'prependOnceListener', 'off'].flatMap((method) => [5, null, undefined, {}, 'x'].map((wrong) => thrown(() => new EventEmitter()[method]('x', wrong)))),
  'what adds returns the emitter': () => {
    const emitter = new EventEmitter();
    return ['on', 'addListener', 'once', 'prependListener', 'prependOnceListener', 'off'].map((method) => emitter[method]('x', nothing) === emitter);
  },
  'order of on, prepend and once, and removal': () => {
    const emitter = new EventEmitter();
    const order = [];
    const third = () => order.push('third');
    emitter.on('x', () => order.push('second'));
    emitter.prependOnceListener('x', () => order.push('first'));
    emitter.on('x', third);
    emitter.prependListener('x', () => order.push('zeroth'));
    emitter.emit('x');
    emitter.off('x', third);
    emitter.emit('x');
    return [order, emitter.listenerCount('x'), emitter.eventNames()];
  },
  'one listener added twice is called twice and removed one at a time': () => {
    const emitter = new EventEmitter();
    let calls = 0;
    const listener = () => (calls += 1);
    emitter.on('x', listener).on('x', listener).emit('x');
    emitter.off('x', listener).emit('x');
    return [calls, emitter.listenerCount('x'), emitter.listenerCount('x', listener)];
  },
  'listeners added or removed while emitting': () => {
    const emitter = new EventEmitter();
    const order = [];
    const removed = () => order.push('removed');
    emitter.on('x', () => {
      order.push('first');
      emitter.off('x', removed);
      emitter.on('x', () => order.push('added'));
    });
    emitter.on('x', removed);
    emitter.emit('x');
    order.push('|');
    emitter.emit('x');
    return order;
  },
  'this, arguments and what emit returns': () => {
    const emitter = new EventEmitter();
    const seen = [];
    emitter.on('x', function (...args) { seen.push(this === emitter, args); });
    return [emitter.emit('x', 1, 'two', undefined), emitter.emit('nobody'), seen];
  },
  'a listener that throws stops the emission': () => {
    const emitter = new EventEmitter();
    const order = [];
    emitter.on('x', () => order.push('first'));
    emitter.on('x', () => { throw new TypeError('mine'); });
    emitter.on('x', () => order.push('never'));
    return [thrown(() => emitter.emit('x')), order];
  },
  'error without a listener, and errorMonitor': () => {
    const emitter = new EventEmitter();
    const monitored = [];
    emitter.on(events.errorMonitor, (error) => monitored.push(error.message));
    const unheard = [thrown(() => emitter.emit('error', new RangeError('one'))), thrown(() => emitter.emit('error', 'text')), thrown(() => emitter.emit('error'))];
    emitter.on('error', () => monitored.push('handled'));
    emitter.emit('error', new Error('two'));
    return [unheard, monitored];
  },
  'newListener and removeListener': () => {
    const emitter = new EventEmitter();
    const seen = [];
    emitter.on('newListener', (event, listener) => seen.push(['new', event, listener.name, emitter.listenerCount('x')]));
    emitter.on('removeListener', (event, listener) => seen.push(['removed', event, listener.name, emitter.listenerCount('x')]));
    emitter.once('x', function mine() {});
    emitter.prependListener('x', function other() {});
    emitter.emit('x');
    emitter.removeAllListeners('x');
    return seen;
  },
  'newListener may add one before': () => {
    const emitter = new EventEmitter();
    const order = [];
    emitter.once('newListener', (event) => event === 'x' && emitter.on('x', () => order.push('before')));
    emitter.on('x', () => order.push('after'));
    emitter.emit('x');
    return order;
  },
  'rawListeners and listeners of once': () => {
    const emitter = new EventEmitter();
    emitter.once('x', nothing);
    const [raw] = emitter.rawListeners('x');
    const is = [/** @type {any} */ (raw).listener === nothing, emitter.listeners('x')[0] === nothing, raw.name];
    /** @type {any} */ (raw)();
    return [...is, emitter.listenerCount('x')];
  },
  'symbols, numbers and strange names as events': () => {
    const emitter = new EventEmitter();
    const symbol = Symbol('s');
    const seen = [];
    for (const event of [symbol, 5, '__proto__', 'toString', 'constructor', '', undefined, null]) emitter.on(/** @type {any} */ (event), () => seen.push(event));
    for (const event of emitter.eventNames()) emitter.emit(event);
    return [seen, emitter.eventNames()];
  },
  'removeAllListeners': () => {
    const emitter = new EventEmitter();
    const removed = [];
    emitter.on('removeListener', (event, { name }) => removed.push([event, name]));
    emitter.on('x', function a() {}).on('x', function b() {}).on('y', function c() {});
    emitter.removeAllListeners('x').removeAllListeners();
    return [removed, emitter.eventNames()];
  },
  'limits': () => {
    const emitter = new EventEmitter();
    const wrong = [-1, NaN, 'x'].map((limit) => thrown(() => emitter.setMaxListeners(/** @type {any} */ (limit))));
    const set = [emitter.getMaxListeners(), emitter.setMaxListeners(3) === emitter, emitter.getMaxListeners()];
    const target = new EventTarget();
    events.setMaxListeners(7, emitter, target);
    return [wrong, set, emitter.getMaxListeners(), events.getMaxListeners?.(target), events.defaultMaxListeners, thrown(() => events.setMaxListeners(5, /** @type {any} */ ({})))];
  },
  'the eleventh listener warns once': async () => {
    const emitter = new EventEmitter();
    const warnings = [];
    const note = (warning) => { if (warning.emitter === emitter) warnings.push([warning.name, warning.type, warning.count, warning.message]); };
    process.on('warning', note);
    for (let n = 0; n < 13; n++) emitter.on('x', nothing);
    await turn();
    process.off('warning', note);
    return warnings;
  },
  'captureRejections': async () => {
    const emitter = new EventEmitter({ captureRejections: true });
    const seen = [];
    emitter.on('error', (error) => seen.push(error.message));
    emitter.on('x', async () => { throw new Error('rejected'); });
    emitter.emit('x');
    const own = Object.assign(new EventEmitter({ captureRejections: true }), { [events.captureRejectionSymbol]: (error, event, ...args) => seen.push([error.message, event, args]) });
    own.on('y', async () => { throw new Error('own'); });
    own.emit('y', 1);
    await turn();
    return seen;
  },
  'events.once': async () => {
    const emitter = new EventEmitter();
    setImmediate(() => emitter.emit('x', 1, 2));
    const first = await events.once(emitter, 'x');
    setImmediate(() => emitter.emit('error', new Error('mine')));
    const failed = await events.once(emitter, 'x').catch((error) => error.message);
    const controller = new AbortController();
    setImmediate(() => controller.abort());
    const aborted = await events.once(emitter, 'x', { signal: controller.signal }).catch((error) => [error.name, error.code]);
    const already = await events.once(emitter, 'x', { signal: AbortSignal.abort() }).catch((error) => error.name);
    return [first, failed, aborted, already, emitter.eventNames()];
  },
  'events.on': async () => {
    const emitter = new EventEmitter();
    const controller = new AbortController();
    const iterator = events.on(emitter, 'y', { signal: controller.signal });
    emitter.emit('y', 2);
    emitter.emit('y', 3);
    const values = [await iterator.next(), await iterator.next()];
    controller.abort();
    const end = await iterator.next().catch((error) => error.name);
    return [values, end, emitter.eventNames()];
  },
  'getEventListeners, listenerCount and addAbortListener': () => {
    const emitter = new EventEmitter().on('x', nothing);
    const controller = new AbortController();
    const seen = [];
    const disposable = events.addAbortListener?.(controller.signal, () => seen.push('aborted'));
    controller.abort();
    disposable?.[Symbol.dispose]?.();
    return [events.getEventListeners(emitter, 'x')[0] === nothing, events.listenerCount?.(emitter, 'x'), seen];
  },
  'subclasses, mixins and overridden methods': () => {
    const seen = [];
    class Bus extends EventEmitter {
      on(event, listener) {
        seen.push(['on', event]);
        return super.on(event, listener);
      }
    }
    const bus = new Bus().on('x', nothing).once('x', nothing).addListener('x', nothing);
    const mixin = Object.assign(Object.create(null), EventEmitter.prototype);
    mixin.on('x', () => seen.push('mixed'));
    mixin.emit('x');
    function Old() { EventEmitter.call(this); }
    Object.setPrototypeOf(Old.prototype, EventEmitter.prototype);
    const old = new Old().on('x', () => seen.push('old'));
    old.emit('x');
    return [seen, bus instanceof EventEmitter, bus.listenerCount('x'), Object.keys(bus)];
  },
  'an emitter that is no EventEmitter': () => {
    const plain = {};
    return [thrown(() => EventEmitter.prototype.on.call(plain, 'x', nothing)), Object.keys(plain).sort(), thrown(() => EventEmitter.prototype.on.call(/** @type {any} */ (undefined), 'x', nothing))];
  },
  'keys of an emitter': () => Reflect.ownKeys(new EventEmitter().on('x', nothing).setMaxListeners(20)).map(String),
};
