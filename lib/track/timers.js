'use strict';
const timers = require('node:timers');
const timersPromises = require('node:timers/promises');
const { inspect } = require('node:util');
const { Ledger } = require('./ledger.js');
const { observe, patchTwins, watched } = require('./patch.js');

/**
 * Timers that are alive: timeouts until they fire or are cleared, intervals until they are cleared, promises until
 * they settle. Node's own `_destroyed` mark tells, so clearing needs no patch and every way of it counts.
 * @param {import('./recorder.js').Recorder} recorder
 */
function trackTimers(recorder) {
  const ledger = new Ledger(recorder.table, (timer) => timer._destroyed === false);
  const promises = new Ledger(recorder.table, isPending);
  const record = (name, delays) => (timer, args) => {
    if (typeof timer?._destroyed !== 'boolean') return; // somebody's fake timer
    recorder.sample(() => ledger.add(timer, recorder.add('timer', name, { delayMs: delays ? delayOf(args[1]) : undefined })));
  };
  const recordPromise = (name, delays) => (promise, args) => {
    recorder.sample(() => promises.add(promise, recorder.add('timer', name, { delayMs: delays ? delayOf(args[0]) : undefined })));
  };
  const undo = [
    sampleTimer(recorder, 'setTimeout', record('setTimeout', true)),
    sampleTimer(recorder, 'setInterval', record('setInterval', true)),
    sampleTimer(recorder, 'setImmediate', record('setImmediate', false)),
    observe(timersPromises, 'setTimeout', recordPromise('setTimeout', true)),
    observe(timersPromises, 'setInterval', recordPromise('setInterval', true)),
    observe(timersPromises, 'setImmediate', recordPromise('setImmediate', false)),
    observe(Object.getPrototypeOf(timersPromises.scheduler), 'wait', recordPromise('scheduler.wait', true)),
  ];
  return {
    sweep() {
      ledger.sweep();
      promises.sweep();
    },
    stop() {
      for (const restore of undo.reverse()) restore();
      ledger.clear();
      promises.clear();
    },
  };
}

/** The global and the module's function are one and the same in Node. */
function sampleTimer(recorder, name, look) {
  return patchTwins([[globalThis, name], [timers, name]], (original, state) => {
    return wrappers[name](original, watched(original, state, look), () => state.active && recorder.hasTime());
  });
}

/**
 * What costs a call nearly nothing when it is not looked at: V8 puts the original into it, and both into their caller. It does
 * so where a function has ever called one other, so these are three, alike as they are, and pass on the usual arguments by name.
 */
const wrappers = {
  setTimeout: (original, observed, isWanted) => {
    return {
      wrapper(callback, delay) {
        if (isWanted()) return Reflect.apply(observed, this, arguments);
        return arguments.length === 2 ? original.call(this, callback, delay) : Reflect.apply(original, this, arguments);
      },
    }.wrapper;
  },
  setInterval: (original, observed, isWanted) => {
    return {
      wrapper(callback, delay) {
        if (isWanted()) return Reflect.apply(observed, this, arguments);
        return arguments.length === 2 ? original.call(this, callback, delay) : Reflect.apply(original, this, arguments);
      },
    }.wrapper;
  },
  setImmediate: (original, observed, isWanted) => {
    return {
      wrapper(callback, argument) {
        if (isWanted()) return Reflect.apply(observed, this, arguments);
        if (arguments.length === 1) return original.call(this, callback);
        return arguments.length === 2 ? original.call(this, callback, argument) : Reflect.apply(original, this, arguments);
      },
    }.wrapper;
  },
};

/** Node reads a delay this way. */
function delayOf(delay) {
  const milliseconds = Number(delay);
  return milliseconds >= 1 && milliseconds <= 0x7fffffff ? Math.trunc(milliseconds) : 1;
}

/** No handler may be attached to the application's promise: that would hide its rejection. */
function isPending(promise) {
  return !(promise instanceof Promise) || /^Promise \{\s*<pending>/.test(inspect(promise, inspection));
}

const inspection = { depth: 0, customInspect: false, getters: false, maxArrayLength: 0, maxStringLength: 0 };

module.exports = { trackTimers };
