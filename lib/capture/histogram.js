'use strict';
const fs = require('node:fs');
const inspector = require('node:inspector');
const path = require('node:path');

/**
 * @typedef {{ name: string, count: number }} ClassCount objects whose nearest constructor has this name; of a route,
 *   requests whose marker is alive
 * @typedef {{ classes: ClassCount[], routes: ClassCount[] }} Counts the most frequent first
 */

/**
 * Counts the live objects of this thread by constructor: everything that inherits from Object.prototype; and the
 * markers of requests (lib/track/contexts.js) by route. Collects garbage first.
 * @returns {Counts}
 */
function countClasses() {
  const session = new inspector.Session();
  session.connect();
  try {
    const prototype = post(session, 'Runtime.evaluate', { expression: 'Object.prototype' }).result.objectId;
    const { objectId } = post(session, 'Runtime.queryObjects', { prototypeObjectId: prototype }).objects;
    const counted = post(session, 'Runtime.callFunctionOn', { objectId, functionDeclaration: String(countObjects), returnByValue: true });
    post(session, 'Runtime.releaseObject', { objectId });
    return counted.result.value;
  } finally {
    session.disconnect();
  }
}

/**
 * Runs inside the inspector's call, where `this` is the array of objects: it can use nothing from here, and
 * must not run the app's code, so that it reads no property that could be a getter.
 * @this {object[]}
 */
function countObjects() {
  const value = (/** @type {any} */ object, /** @type {string} */ key) => Object.getOwnPropertyDescriptor(object, key)?.value;
  const add = (/** @type {Map<any, number>} */ counts, /** @type {any} */ key, /** @type {number} */ count) => counts.set(key, (counts.get(key) ?? 0) + count);
  const sorted = (/** @type {Map<string, number>} */ counts) => [...counts].map(([name, count]) => ({ name, count })).sort((a, b) => b.count - a.count);
  const nameOf = (/** @type {any} */ prototype) => {
    try {
      for (let at = prototype; at; at = Object.getPrototypeOf(at)) {
        const constructor = value(at, 'constructor');
        const name = typeof constructor === 'function' ? value(constructor, 'name') : undefined;
        if (typeof name === 'string' && name !== '') return name;
      }
    } catch {
      // A proxy among the prototypes may throw.
    }
    return '(no constructor)';
  };
  const [byPrototype, byName, byRoute] = [new Map(), new Map(), new Map()];
  const markers = new Map();
  for (let index = 0; index < this.length; index++) {
    let prototype = null;
    try {
      prototype = Object.getPrototypeOf(this[index]);
    } catch {
      // A revoked proxy has none.
    }
    add(byPrototype, prototype, 1);
    if (!markers.has(prototype)) markers.set(prototype, nameOf(prototype) === 'LeakWatchRequest');
    if (!markers.get(prototype)) continue;
    const route = value(this[index], 'route');
    if (typeof route === 'function') add(byRoute, value(route, 'name'), 1);
  }
  for (const [prototype, count] of byPrototype) add(byName, nameOf(prototype), count);
  return { classes: sorted(byName), routes: sorted(byRoute) };
}

/**
 * The inspector answers a session of its own thread at once.
 * @param {inspector.Session} session
 * @param {string} method
 * @param {object} parameters
 * @returns {any}
 */
function post(session, method, parameters) {
  /** @type {any} */
  let answer;
  session.post(method, parameters, (error, result) => { answer = { error, result }; });
  if (!answer || answer.error) throw new Error(`the inspector did not answer ${method}: ${answer?.error?.message ?? 'nothing'}`);
  if (answer.result.exceptionDetails) throw new Error(`the inspector's ${method} failed: ${answer.result.exceptionDetails.text}`);
  return answer.result;
}

/**
 * Counts classes and writes them into a pipe; what a forked child runs.
 * @param {string} pipe `/proc/self/fd/N`
 * @returns {string | null} why that failed
 */
function writeClasses(pipe) {
  try {
    // Through the descriptor: Node's permission model would ask about the path.
    fs.writeSync(Number(path.basename(pipe)), JSON.stringify(countClasses()));
    return null;
  } catch (error) {
    return `Objects could not be counted: ${/** @type {Error} */ (error).message}.`;
  }
}

/**
 * Puts histograms side by side.
 * @param {{ classes: ClassCount[], routes?: ClassCount[] }[]} histograms in the order they were taken
 * @param {'classes' | 'routes'} by
 * @returns {{ name: string, counts: number[], growth: number }[]} what grew most from the first to the last, first
 */
function compareHistograms(histograms, by = 'classes') {
  /** @type {Map<string, number[]>} */
  const rows = new Map();
  histograms.forEach((histogram, column) => {
    for (const { name, count } of histogram[by] ?? []) {
      const counts = rows.get(name) ?? new Array(histograms.length).fill(0);
      counts[column] = count;
      rows.set(name, counts);
    }
  });
  return [...rows]
    .map(([name, counts]) => ({ name, counts, growth: counts[counts.length - 1] - counts[0] }))
    .sort((a, b) => b.growth - a.growth);
}

module.exports = { countClasses, writeClasses, compareHistograms };
