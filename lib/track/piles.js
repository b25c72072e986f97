'use strict';
const { classOf } = require('./class-of.js');

/** So many listeners for one event of one emitter are a pile. Node itself warns at 11. */
const PILE = 4;
/** Events of one emitter, and piles in all, that are followed at once. */
const MAX_EVENTS = 256;
const MAX_PILES = 65_536;
/** Who added a listener that is older than the pile. */
const unknown = { site: 0, owner: null };

/**
 * Listeners that pile up: for each emitter and event, who added those that are still there. An event with few
 * listeners costs one look-up; stacks are taken once there are `PILE`. What is alive is asked of the emitter, so
 * that every way of removing a listener counts. Emitters and listeners are held weakly, and what has no place in the
 * table is not listed here either.
 */
class Piles {
  #recorder;
  #listenersOf;
  #least;
  /** @type {WeakMap<object, Map<string | symbol, Pile>>} */
  #events = new WeakMap();
  /** @type {Set<Pile>} */
  #piles = new Set();
  #nextSweep = 256;

  /**
   * @param {import('./recorder.js').Recorder} recorder
   * @param {(emitter: any, event: string | symbol) => Function[]} listenersOf
   * @param {number} [least] listeners that make a pile
   */
  constructor(recorder, listenersOf, least = PILE) {
    this.#recorder = recorder;
    this.#listenersOf = listenersOf;
    this.#least = least;
  }

  /** Listeners on them, as last swept and added since. */
  get listeners() {
    let count = 0;
    for (const pile of this.#piles) count += pile.rows.length;
    return count;
  }

  /**
   * A listener was added.
   * @param {any} emitter
   * @param {string | symbol} event
   * @param {object} listener as `listenersOf` shows it
   * @param {number} [count] how many there are now, when that is cheap to know
   */
  added(emitter, event, listener, count) {
    if (count !== undefined && count < this.#least) return;
    const pile = this.#pileOf(emitter, event);
    if (!pile) return this.#recorder.drop();
    pile.added += 1;
    if (count === undefined && pile.added < this.#least) return;
    this.#piles.add(pile);
    this.#add(pile, listener, {});
    if (pile.rows.length >= pile.nextSweep) this.#sweep(pile);
    if (this.#piles.size >= this.#nextSweep) this.sweep();
  }

  /**
   * There are listeners already that nobody saw being added.
   * @param {any} emitter
   * @param {string | symbol} event
   * @param {number} count
   */
  noticed(emitter, event, count) {
    const pile = count >= this.#least && this.#pileOf(emitter, event);
    if (pile) this.#piles.add(pile);
  }

  /** Forgets listeners and emitters that are gone. */
  sweep() {
    for (const pile of this.#piles) this.#sweep(pile);
    this.#nextSweep = Math.max(256, 2 * this.#piles.size);
  }

  /** Forgets everything. */
  clear() {
    for (const pile of this.#piles) this.#forget(pile);
    this.#events = new WeakMap();
  }

  #pileOf(emitter, event) {
    let events = this.#events.get(emitter);
    if (!events) this.#events.set(emitter, (events = new Map()));
    const known = events.get(event);
    if (known) return known;
    if (events.size >= MAX_EVENTS) this.#forgetSmall(events);
    if (events.size >= MAX_EVENTS || this.#piles.size >= MAX_PILES) return undefined;
    const pile = new Pile(emitter, event);
    events.set(event, pile);
    return pile;
  }

  /** Events with names of their own, such as one per message, come without end. */
  #forgetSmall(events) {
    for (const [event, pile] of events) if (!this.#piles.has(pile)) events.delete(event);
  }

  #add(pile, listener, details) {
    const id = this.#recorder.add('listener', String(pile.event), { holder: pile.holder, ...details });
    if (id !== 0) pile.rows.push({ listener: new WeakRef(listener), id });
  }

  /** Compares what was recorded with what the emitter has. Listeners older than the pile have no site. */
  #sweep(pile) {
    const emitter = pile.emitter.deref();
    if (emitter === undefined) return this.#forget(pile);
    const present = countEach(this.#listenersOf(emitter, pile.event));
    const gone = [];
    pile.rows = pile.rows.filter(({ listener, id }) => {
      const subject = listener.deref();
      const left = subject === undefined ? 0 : (present.get(subject) ?? 0);
      if (left > 0) present.set(subject, left - 1);
      else gone.push(id);
      return left > 0;
    });
    if (pile.rows.length + total(present) < this.#least) return this.#forget(pile, gone);
    for (const [listener, left] of present) {
      for (let n = 0; n < left; n++) this.#add(pile, listener, unknown);
    }
    pile.nextSweep = Math.max(64, 2 * pile.rows.length);
    pile.added = pile.rows.length;
    this.#recorder.table.remove(gone);
  }

  #forget(pile, gone = []) {
    this.#recorder.table.remove(gone.concat(pile.rows.map((row) => row.id)));
    this.#piles.delete(pile);
    const emitter = pile.emitter.deref();
    if (emitter !== undefined) this.#events.get(emitter)?.delete(pile.event);
  }
}

/** The listeners of one emitter for one event. */
class Pile {
  constructor(emitter, event) {
    this.emitter = new WeakRef(emitter);
    this.event = event;
    this.holder = classOf(emitter);
    this.added = 0;
    this.nextSweep = PILE;
    /** @type {{ listener: WeakRef<object>, id: number }[]} */
    this.rows = [];
  }
}

function countEach(listeners) {
  const counts = new Map();
  for (const listener of listeners) counts.set(listener, (counts.get(listener) ?? 0) + 1);
  return counts;
}

function total(counts) {
  let sum = 0;
  for (const count of counts.values()) sum += count;
  return sum;
}

module.exports = { Piles };
