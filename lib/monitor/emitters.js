'use strict';
const { EventEmitter } = require('node:events');
const { additions, trackTargets } = require('../track/listeners.js');
const { observe, patchTwins, watched } = require('../track/patch.js');
const { Piles } = require('../track/piles.js');

const { eventNames, listenerCount, rawListeners } = EventEmitter.prototype;
/** Node warns above this number, once; so does this. */
const MANY = 10;
/** Emitters whose additions are followed with stacks, and emitters whose limit was raised, at most. */
const MAX_FOLLOWED = 64;
const MAX_RAISED = 1024;

/**
 * Listeners that pile up, without a patch that every `on` would pay for. Node itself counts and warns: the emitter of
 * a warning is followed from then on, with stacks. Emitters whose limit was raised never warn: they are looked at
 * now and then. EventTargets and AbortSignals are off the hot path and are counted as they are used.
 * @param {import('../track/recorder.js').Recorder} recorder
 * @param {() => void} onFollow called when an emitter is followed from now on
 */
function watchEmitters(recorder, onFollow) {
  const followed = new Followed(recorder, onFollow);
  const raised = new Raised(followed);
  const targets = trackTargets(recorder, MANY);
  const onWarning = (/** @type {any} */ warning) => {
    if (warning?.name === 'MaxListenersExceededWarning') followed.follow(warning.emitter);
  };
  process.on('warning', onWarning);
  const undo = [
    observe(EventEmitter.prototype, 'setMaxListeners', (_, [limit], emitter) => raised.note(emitter, limit)),
    observe(EventEmitter, 'setMaxListeners', (_, [limit, ...emitters]) => emitters.forEach((emitter) => raised.note(emitter, limit))),
  ];
  return {
    /** Looks at the emitters that cannot warn. */
    poll: () => raised.poll(),
    /** How many listeners are on piles. */
    listeners: () => followed.listeners + targets.listeners(),
    sweep() {
      followed.sweep();
      targets.sweep();
    },
    stop() {
      process.off('warning', onWarning);
      for (const restore of undo) restore();
      followed.stop();
      targets.stop();
    },
  };
}

/** Emitters that have a pile of listeners: each listener added from now on is recorded with its stack. */
class Followed {
  #onFollow;
  #piles;
  /** What takes an emitter's wrappers out: it holds the emitter, so only the emitter may hold it. @type {WeakMap<object, () => void>} */
  #undo = new WeakMap();
  /** @type {WeakRef<object>[]} */
  #emitters = [];

  constructor(recorder, onFollow) {
    this.#onFollow = onFollow;
    this.#piles = new Piles(recorder, (emitter, event) => rawListeners.call(emitter, event));
  }

  get listeners() {
    return this.#piles.listeners;
  }

  follow(emitter) {
    if (!(emitter instanceof EventEmitter) || this.#undo.has(emitter)) return;
    this.#emitters = this.#emitters.filter((ref) => ref.deref() !== undefined);
    if (this.#emitters.length >= MAX_FOLLOWED) return;
    this.#undo.set(emitter, this.#wrap(emitter));
    this.#emitters.push(new WeakRef(emitter));
    this.#onFollow();
    for (const event of eventNames.call(emitter)) this.#piles.noticed(emitter, event, listenerCount.call(emitter, event));
  }

  sweep() {
    this.#piles.sweep();
  }

  stop() {
    for (const emitter of this.#emitters.map((ref) => ref.deref())) if (emitter) this.#undo.get(emitter)?.();
    this.#emitters = [];
    this.#piles.clear();
  }

  #wrap(emitter) {
    const look = (_, /** @type {any[]} */ [event, listener], self) => {
      this.#piles.added(self, event, listener, listenerCount.call(self, event));
    };
    return patchTwins(additions(emitter), (original, state) => watched(original, state, look));
  }
}

/** Emitters whose limit is not Node's: they are asked now and then. */
class Raised {
  #followed;
  /** @type {Map<WeakRef<any>, number>} */
  #most = new Map();
  #noted = new WeakSet();

  constructor(followed) {
    this.#followed = followed;
    this.note(process, Infinity);
  }

  note(emitter, limit) {
    const never = limit === 0 || limit > MANY;
    if (!never || !(emitter instanceof EventEmitter) || this.#noted.has(emitter) || this.#most.size >= MAX_RAISED) return;
    this.#noted.add(emitter);
    this.#most.set(new WeakRef(emitter), MANY);
  }

  poll() {
    for (const [ref, before] of this.#most) {
      const emitter = ref.deref();
      if (emitter === undefined) {
        this.#most.delete(ref);
        continue;
      }
      const most = Math.max(0, ...eventNames.call(emitter).map((event) => listenerCount.call(emitter, event)));
      if (most > before) this.#followed.follow(emitter);
      this.#most.set(ref, Math.max(before, most));
    }
  }
}

module.exports = { watchEmitters };
