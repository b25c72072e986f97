'use strict';
// What Node's documentation and the DOM standard say of EventTarget and AbortSignal, as observations.
const events = require('node:events');
const { thrown } = require('./thrown.js');

const nothing = () => {};
const awake = async (body) => {
  const timer = setInterval(nothing, 1000); // a timeout signal does not keep the process alive
  try {
    return await body();
  } finally {
    clearInterval(timer);
  }
};

module.exports = {
  'one listener once, however often it is added': () => {
    const target = new EventTarget();
    const seen = [];
    const listener = () => seen.push('x');
    const added = [target.addEventListener('x', listener), target.addEventListener('x', listener), target.addEventListener('x', listener, { capture: true })];
    target.dispatchEvent(new Event('x'));
    target.removeEventListener('x', listener);
    target.dispatchEvent(new Event('x'));
    return [seen.length, added, events.getEventListeners(target, 'x').length];
  },
  'once, signal, capture and passive': () => {
    const target = new EventTarget();
    const controller = new AbortController();
    const seen = [];
    target.addEventListener('x', () => seen.push('once'), { once: true });
    target.addEventListener('x', () => seen.push('until'), { signal: controller.signal });
    target.addEventListener('x', () => seen.push('never'), { signal: AbortSignal.abort() });
    target.addEventListener('x', (event) => { event.preventDefault(); seen.push(event.defaultPrevented); }, { passive: true });
    target.addEventListener('x', (event) => { event.preventDefault(); seen.push(event.defaultPrevented); }, true);
    const returned = [target.dispatchEvent(new Event('x', { cancelable: true }))];
    controller.abort();
    returned.push(target.dispatchEvent(new Event('x')));
    return [seen, returned];
  },
  'objects, and this': () => {
    const target = new EventTarget();
    const seen = [];
    const handler = { handleEvent(event) { seen.push(this === handler, event.type); } };
    target.addEventListener('x', handler);
    target.addEventListener('x', function (event) { seen.push(this === target, event.target === target, event.currentTarget === target); });
    target.dispatchEvent(new Event('x'));
    return seen;
  },
  'wrong arguments': () => {
    const target = new EventTarget();
    const wrong = [[], ['x'], ['x', 5], ['x', null], ['x', undefined], ['x', {}], ['x', nothing, 5], ['x', nothing, { signal: {} }], [Symbol('s'), nothing]];
    return [
      ...wrong.map((args) => thrown(() => target.addEventListener(.../** @type {[any, any]} */ (/** @type {unknown} */ (args))))),
      thrown(() => EventTarget.prototype.addEventListener.call({}, 'x', nothing)),
      thrown(() => target.dispatchEvent(/** @type {any} */ ({ type: 'x' }))),
    ];
  },
  'stopImmediatePropagation, and removal while dispatching': () => {
    const target = new EventTarget();
    const seen = [];
    const removed = () => seen.push('removed');
    target.addEventListener('x', () => { seen.push('first'); target.removeEventListener('x', removed); });
    target.addEventListener('x', removed);
    target.addEventListener('x', (event) => { seen.push('last'); event.stopImmediatePropagation(); });
    target.addEventListener('x', () => seen.push('never'));
    target.dispatchEvent(new Event('x'));
    return seen;
  },
  'a listener that throws is reported and stops nobody': async () => {
    const target = new EventTarget();
    const seen = [];
    process.once('uncaughtException', (error) => seen.push(error.message));
    target.addEventListener('x', () => { throw new Error('mine'); });
    target.addEventListener('x', () => seen.push('second'));
    target.dispatchEvent(new Event('x'));
    await new Promise((resolve) => setImmediate(resolve));
    return seen;
  },
  'subclasses, and Node\'s own methods': () => {
    class Target extends EventTarget {
      addEventListener(...args) {
        this.added = (this.added ?? 0) + 1;
        return super.addEventListener(.../** @type {[any, any]} */ (/** @type {unknown} */ (args)));
      }
    }
    const target = new Target();
    target.addEventListener('x', nothing);
    const { port1, port2 } = new MessageChannel();
    const node = /** @type {any} */ (port1);
    const seen = [target.added, node.on('y', nothing) === port1, node.listenerCount('y'), node.eventNames(), node.off('y', nothing).listenerCount('y')];
    port1.close();
    port2.close();
    return seen;
  },
  'an event is dispatched once at a time': () => {
    const target = new EventTarget();
    const event = new Event('x');
    let inner;
    target.addEventListener('x', () => (inner = thrown(() => target.dispatchEvent(event))));
    target.dispatchEvent(event);
    return [inner, thrown(() => target.dispatchEvent(event)).slice(0, 20)];
  },
  'a signal aborts once, with its reason': () => {
    const controller = new AbortController();
    const seen = [];
    controller.signal.onabort = () => seen.push('property');
    controller.signal.addEventListener('abort', ({ type, isTrusted }) => seen.push(type, isTrusted));
    controller.abort('first');
    controller.abort('second');
    return [seen, controller.signal.reason, thrown(() => new AbortController().signal.throwIfAborted()), AbortSignal.abort().reason.name, thrown(() => Reflect.construct(AbortSignal, []))];
  },
  'AbortSignal.any': () => {
    const [a, b] = [new AbortController(), new AbortController()];
    const any = AbortSignal.any([a.signal, b.signal]);
    const nested = AbortSignal.any([any, new AbortController().signal]);
    const order = [];
    nested.addEventListener('abort', () => order.push('nested'));
    any.addEventListener('abort', () => order.push('any'));
    b.signal.addEventListener('abort', () => order.push('b'));
    b.abort('why');
    return [any.aborted, any.reason, nested.reason, order, AbortSignal.any([]).aborted, AbortSignal.any([AbortSignal.abort(1), AbortSignal.abort(2)]).reason, any instanceof AbortSignal];
  },
  'AbortSignal.any and timeout with wrong arguments': () => [5, null, undefined, [5], [null]].map((wrong) => thrown(() => AbortSignal.any(/** @type {any} */ (wrong))))
    .concat(['x', -1, undefined, 2 ** 53, 1.5].map((wrong) => thrown(() => AbortSignal.timeout(/** @type {any} */ (wrong))))),
  'AbortSignal.timeout': () => awake(async () => {
    const timeout = AbortSignal.timeout(1);
    const any = AbortSignal.any([timeout]);
    await events.once(any, 'abort');
    return [timeout.aborted, timeout.reason.name, timeout.reason.code, any.reason === timeout.reason];
  }),
  'a signal that somebody listens to is not collected': () => awake(async () => {
    const heard = new Promise((resolve) => AbortSignal.timeout(20).addEventListener('abort', () => resolve('heard')));
    for (let n = 0; n < 3; n++) {
      globalThis.gc?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
    return heard;
  }),
};
