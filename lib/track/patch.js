'use strict';
const { syncBuiltinESMExports } = require('node:module');

/**
 * Replaces a method until the returned function is called. The wrapper should be written as a method, because methods
 * have no `prototype` of their own, as most of Node's functions; it gets the original's own properties (`name`,
 * `length`, `util.promisify.custom` …). When somebody wrapped the wrapper meanwhile, it cannot be taken out:
 * then `state.active` tells it to do nothing but call the original. When that somebody leaves and puts wrappers back,
 * the next call of one takes them out.
 * @param {any} object
 * @param {PropertyKey} key
 * @param {(original: Function, state: { readonly active: boolean }) => Function} wrap
 * @returns {() => void} restores exactly what was there
 */
function patch(object, key, wrap) {
  return patchTwins([[object, key]], wrap);
}

/**
 * Replaces methods, of which some are one function under several names, as in Node: what was one stays one.
 * @param {[object: any, key: PropertyKey][]} places
 * @param {(original: Function, state: { readonly active: boolean }) => Function} wrap
 * @returns {() => void} restores exactly what was there
 */
function patchTwins(places, wrap) {
  const originals = new Set(places.map(([object, key]) => object[key]).filter((method) => typeof method === 'function'));
  const undo = [...originals].map((original) => replace(original, places.filter(([object, key]) => object[key] === original), wrap));
  return () => undo.forEach((restore) => restore());
}

function replace(original, places, wrap) {
  const replacement = new Replacement();
  const wrapper = disguise(wrap(original, replacement), original);
  replacement.put(places, wrapper);
  return () => replacement.end();
}

/** A wrapper in its places. A class, because V8 is slow with a getter in an object of its own, and every call of a wrapper asks. */
class Replacement {
  #active = true;
  /** @type {(() => boolean)[]} */
  #undo = [];

  /** Whether the wrapper is to do something. */
  get active() {
    if (!this.#active && this.#undo.length > 0 && this.takeOut()) takeOutBuried();
    return this.#active;
  }

  /** @param {[object: any, key: PropertyKey][]} places @param {Function} wrapper */
  put(places, wrapper) {
    this.#undo = places.map(([object, key]) => install(object, key, wrapper));
  }

  end() {
    this.#active = false;
    this.takeOut();
    if (this.#undo.length > 0) bury(this);
  }

  /** Takes the wrapper out where it is on top. @returns {boolean} whether it was anywhere */
  takeOut() {
    const left = this.#undo.filter((restore) => !restore());
    const some = left.length < this.#undo.length;
    this.#undo = left;
    return some;
  }
}

/** Wrappers that somebody else had wrapped. @type {Set<WeakRef<Replacement>>} */
const buried = new Set();

/** @param {Replacement} replacement */
function bury(replacement) {
  for (const ref of buried) if (ref.deref() === undefined) buried.delete(ref);
  buried.add(new WeakRef(replacement));
}

/** Whoever put one wrapper back has most likely put back the others. */
function takeOutBuried() {
  for (const ref of buried) ref.deref()?.takeOut();
  syncBuiltinESMExports();
}

/**
 * Calls `look` with what a method returned. Whatever `look` does, the caller sees the original's behaviour.
 * @param {any} object
 * @param {PropertyKey} key
 * @param {(result: any, args: any[], self: any) => void} look
 * @returns {() => void} restores exactly what was there
 */
function observe(object, key, look) {
  return patch(object, key, (original, state) => watched(original, state, look));
}

/**
 * A function that does what `original` does and then shows the result to `look`.
 * @param {Function} original
 * @param {{ readonly active: boolean }} state
 * @param {(result: any, args: any[], self: any) => void} look
 */
function watched(original, state, look) {
  const safely = harmless(look);
  return {
    wrapper(...args) {
      const result = Reflect.apply(original, this, args);
      if (state.active) safely(result, args, this);
      return result;
    },
  }.wrapper;
}

/**
 * Calls `look` and lets nothing out that it throws: the application comes first, and a measurement that fails is no
 * measurement.
 * @template {any[]} Arguments
 * @param {(...args: Arguments) => void} look
 * @returns {(...args: Arguments) => void}
 */
function harmless(look) {
  return (...args) => {
    try {
      look(...args);
    } catch {
      // No measurement.
    }
  };
}

/**
 * Gives a wrapper the own properties of what it wraps.
 * @param {Function} wrapper
 * @param {Function} original
 */
function disguise(wrapper, original) {
  for (const key of Reflect.ownKeys(original)) {
    const descriptor = /** @type {PropertyDescriptor} */ (Object.getOwnPropertyDescriptor(original, key));
    Reflect.defineProperty(wrapper, key, descriptor);
  }
  return wrapper;
}

/**
 * Puts a wrapper in the place of a method.
 * @param {any} object
 * @param {PropertyKey} key
 * @param {Function} wrapper
 * @returns {() => boolean} puts back what was there, when the wrapper is on top
 */
function install(object, key, wrapper) {
  const before = Object.getOwnPropertyDescriptor(object, key);
  const { enumerable, configurable, writable } = before?.set || before?.get ? { ...before, writable: true } : before ?? hidden;
  Reflect.defineProperty(object, key, { value: wrapper, enumerable, configurable, writable });
  return () => {
    if (object[key] !== wrapper || !Object.hasOwn(object, key)) return false;
    return before ? Reflect.defineProperty(object, key, before) : Reflect.deleteProperty(object, key);
  };
}

const hidden = { enumerable: false, configurable: true, writable: true };

module.exports = { patch, patchTwins, observe, watched, harmless, disguise, install };
