'use strict';

/**
 * Replaces a method until the returned function is called. The wrapper should be written as a method, because methods
 * have no `prototype` of their own, as most of Node's functions; it gets the original's own properties (`name`,
 * `length`, `util.promisify.custom` …). When somebody wrapped the wrapper meanwhile, it cannot be taken out:
 * then `state.active` tells it to do nothing but call the original.
 * @param {any} object
 * @param {PropertyKey} key
 * @param {(original: Function, state: { active: boolean }) => Function} wrap
 * @returns {() => void} restores exactly what was there
 */
function patch(object, key, wrap) {
  const before = Object.getOwnPropertyDescriptor(object, key);
  const original = object[key];
  if (typeof original !== 'function') return nothing;
  const state = { active: true };
  const wrapper = disguise(wrap(original, state), original);
  if (!install(object, key, wrapper, before)) return nothing;
  return () => {
    state.active = false;
    if (Object.getOwnPropertyDescriptor(object, key)?.value !== wrapper) return;
    if (before) Object.defineProperty(object, key, before);
    else delete object[key];
  };
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
 * @param {{ active: boolean }} state
 * @param {(result: any, args: any[], self: any) => void} look
 */
function watched(original, state, look) {
  return {
    wrapper(...args) {
      const result = Reflect.apply(original, this, args);
      if (state.active) {
        try {
          look(result, args, this);
        } catch {
          // The application comes first: a measurement that fails is no measurement.
        }
      }
      return result;
    },
  }.wrapper;
}

function disguise(wrapper, original) {
  for (const key of Reflect.ownKeys(original)) {
    const descriptor = /** @type {PropertyDescriptor} */ (Object.getOwnPropertyDescriptor(original, key));
    Reflect.defineProperty(wrapper, key, descriptor);
  }
  return wrapper;
}

function install(object, key, wrapper, before) {
  const { enumerable, configurable, writable } = before?.set || before?.get ? { ...before, writable: true } : before ?? hidden;
  return Reflect.defineProperty(object, key, { value: wrapper, enumerable, configurable, writable });
}

const hidden = { enumerable: false, configurable: true, writable: true };

function nothing() {}

module.exports = { patch, observe, watched };
