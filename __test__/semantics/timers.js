'use strict';
// What Node's documentation says of timers, as observations.
const timers = require('node:timers');
const promised = require('node:timers/promises');
const util = require('node:util');
const { thrown } = require('./thrown.js');

const nothing = () => {};
const after = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

module.exports = {
  'global and module are one': () => ['setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval', 'clearImmediate'].map((name) => globalThis[name] === timers[name]),
  'module promises are one': () => timers.promises === promised,
  'promisify finds the promised timers': () => [util.promisify(setTimeout) === promised.setTimeout, util.promisify(setImmediate) === promised.setImmediate],
  'no function is no callback': () => ['setTimeout', 'setInterval', 'setImmediate'].flatMap((name) => ['no', undefined, null, {}].map((wrong) => thrown(() => globalThis[name](wrong, 1)))),
  'arguments and this of a callback': () => new Promise((resolve) => {
    const timer = setTimeout(function (...args) { resolve([this === timer, args]); }, 1, 'a', undefined, 'b');
  }),
  'arguments of an immediate': () => new Promise((resolve) => setImmediate((...args) => resolve(args), 1, 2, 3, 4)),
  'class, and methods that return the timer': () => [setTimeout(nothing, 1000), setInterval(nothing, 1000), setImmediate(nothing)].map((timer) => {
    const seen = ['hasRef', 'unref', 'hasRef', 'ref', 'hasRef', 'refresh', 'close'].map((method) => {
      const result = typeof timer[method] === 'function' ? timer[method]() : 'none';
      return result === timer ? 'itself' : result;
    });
    clearImmediate(/** @type {any} */ (timer));
    return [timer.constructor.name, seen];
  }),
  'dispose': () => [setTimeout(nothing, 1000), setInterval(nothing, 1000), setImmediate(nothing)].map((timer) => {
    const dispose = timer[/** @type {any} */ (Symbol.dispose)];
    dispose?.call(timer);
    return [typeof dispose, /** @type {any} */ (timer)._destroyed];
  }),
  'numbers of timers': async () => {
    const fired = [];
    const timer = setTimeout(() => fired.push('by number'), 1);
    const number = timer[Symbol.toPrimitive]();
    clearTimeout(`${number}`);
    const other = setInterval(() => fired.push('by value'), 1);
    clearInterval(+other);
    await after(10);
    return [typeof number, fired];
  },
  'clearing what is no timer': () => ['clearTimeout', 'clearInterval', 'clearImmediate'].flatMap((name) => [undefined, null, 5, 'x', {}, [], nothing, Symbol.iterator].map((wrong) => thrown(() => globalThis[name](wrong)))),
  'cleared one for another, twice, and in its own callback': async () => {
    const fired = [];
    clearInterval(setTimeout(() => fired.push('timeout'), 1));
    const interval = setInterval(() => {
      fired.push('interval');
      clearTimeout(interval);
      clearTimeout(interval);
    }, 1);
    await after(10);
    return fired;
  },
  'delays that are none': async () => {
    const order = [];
    const delays = [undefined, null, NaN, -5, 0, '1', 1.9, Infinity, 2 ** 31, {}, true];
    const note = (warning) => order.push([warning.name, warning.message]);
    process.on('warning', note);
    const made = delays.map((delay) => setTimeout(nothing, /** @type {any} */ (delay)));
    const seen = made.map((timer) => /** @type {any} */ (timer)._idleTimeout);
    made.forEach((timer) => clearTimeout(timer));
    await promised.setImmediate();
    process.off('warning', note);
    return [seen, order.map(([name, message]) => [name, message.replace(/\(node:\d+\)/, '')]), thrown(() => setTimeout(nothing, /** @type {any} */ (Symbol('x')))), thrown(() => setTimeout(nothing, /** @type {any} */ (5n)))];
  },
  'order: equal delays in the order made, immediates after, microtasks between': async () => {
    const order = [];
    setImmediate(() => order.push('immediate'));
    for (const name of ['a', 'b', 'c']) {
      setTimeout(() => {
        order.push(name);
        process.nextTick(() => order.push(`${name} tick`));
        Promise.resolve().then(() => order.push(`${name} micro`));
      }, 5);
    }
    await after(30);
    return order;
  },
  'refresh and a callback that throws': async () => {
    const seen = [];
    const timer = setTimeout(() => seen.push('refreshed') < 2 && timer.refresh(), 1);
    await after(20);
    const note = (error) => seen.push(error.message);
    process.once('uncaughtException', note);
    setTimeout(() => { throw new Error('mine'); }, 1);
    await after(20);
    return seen;
  },
  'promised values and options': async () => [
    await promised.setTimeout(1, 'a'), await promised.setImmediate('b'), await promised.setTimeout(1), await util.promisify(setTimeout)(1, 'c'),
    await promised.scheduler.wait(1), await promised.scheduler.yield(),
  ],
  'promised and aborted': () => Promise.all([
    promised.setTimeout(1000, null, { signal: AbortSignal.abort() }), promised.setImmediate(null, { signal: AbortSignal.abort('why') }),
    promised.scheduler.wait(1000, { signal: AbortSignal.abort() }), promised.setTimeout(1, null, /** @type {any} */ ({ signal: {} })), promised.setTimeout(1, null, /** @type {any} */ ({ ref: 5 })),
    promised.setTimeout(1000, null, /** @type {any} */ (5)), promised.setTimeout(/** @type {any} */ ('no')),
  ].map((promise) => promise.then((value) => ['resolved', value], (error) => [error.name, error.code, error.cause, error.message]))),
  'promised interval': async () => {
    const seen = [];
    for await (const value of promised.setInterval(1, 'tick')) if (seen.push(value) === 3) break;
    const controller = new AbortController();
    const aborted = await (async () => {
      for await (const value of promised.setInterval(1, null, { signal: controller.signal })) controller.abort(value);
    })().catch((error) => error.name);
    const iterator = promised.setInterval(1, 'x');
    return [seen, aborted, typeof iterator.next, Object.prototype.toString.call(iterator), thrown(() => promised.setInterval(1, null, /** @type {any} */ ({ signal: 5 })))];
  },
};
