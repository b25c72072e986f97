'use strict';
const { EventEmitter, getEventListeners } = require('node:events');
const { Ledger } = require('./ledger.js');
const { observe, patchTwins, watched } = require('./patch.js');
const { Piles } = require('./piles.js');

const { listenerCount, rawListeners } = EventEmitter.prototype;

/**
 * Listeners that pile up on EventEmitters, EventTargets and AbortSignals, and signals made from other signals.
 * @param {import('./recorder.js').Recorder} recorder
 */
function trackListeners(recorder) {
  const emitters = trackEmitters(recorder);
  const targets = trackTargets(recorder);
  const signals = trackSignals(recorder);
  const all = [emitters, targets, signals];
  return {
    sweep: () => all.forEach((tracker) => tracker.sweep()),
    stop: () => all.forEach((tracker) => tracker.stop()),
  };
}

function trackEmitters(recorder) {
  const piles = new Piles(recorder, (emitter, event) => rawListeners.call(emitter, event));
  const look = (_, /** @type {any[]} */ [event, listener], emitter) => {
    piles.added(emitter, event, listener, listenerCount.call(emitter, event));
  };
  const undo = [patchTwins(additions(EventEmitter.prototype), (original, state) => watched(original, state, look))];
  return { sweep: () => piles.sweep(), stop: stopper(undo, piles) };
}

/**
 * The methods that add a listener: `once` and `prependOnceListener` come through these.
 * @param {any} emitter
 * @returns {[object: any, key: string][]}
 */
function additions(emitter) {
  return ['on', 'addListener', 'prependListener'].map((name) => [emitter, name]);
}

/**
 * EventTargets and AbortSignals.
 * @param {import('./recorder.js').Recorder} recorder
 * @param {number} [least] listeners that make a pile
 */
function trackTargets(recorder, least) {
  const piles = new Piles(recorder, getEventListeners, least);
  const undo = [
    observe(EventTarget.prototype, 'addEventListener', (_, [event, listener], target) => {
      if (listener !== null && listener !== undefined) piles.added(target, String(event), listener);
    }),
  ];
  return { listeners: () => piles.listeners, sweep: () => piles.sweep(), stop: stopper(undo, piles) };
}

/** A signal made by `any` or `timeout` that can still fire. */
function trackSignals(recorder) {
  const ledger = new Ledger(recorder.table, (signal) => !signal.aborted);
  const undo = [
    observe(AbortSignal, 'any', (signal) => {
      ledger.add(signal, recorder.add('listener', 'AbortSignal.any', { holder: 'AbortSignal' }));
    }),
    observe(AbortSignal, 'timeout', (signal, [delayMs]) => {
      ledger.add(signal, recorder.add('timer', 'AbortSignal.timeout', { delayMs }));
    }),
  ];
  return { sweep: () => ledger.sweep(), stop: stopper(undo, ledger) };
}

function stopper(undo, subjects) {
  return () => {
    for (const restore of undo) restore();
    subjects.clear();
  };
}

module.exports = { additions, trackListeners, trackTargets };
