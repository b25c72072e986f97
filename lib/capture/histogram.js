'use strict';
const { InspectorSession } = require('../inspector/session.js');

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
  const session = new InspectorSession();
  try {
    const prototype = session.post('Runtime.evaluate', { expression: 'Object.prototype' }).result.objectId;
    const { objectId } = session.post('Runtime.queryObjects', { prototypeObjectId: prototype }).objects;
    const counted = session.post('Runtime.callFunctionOn', { objectId, functionDeclaration: String(countObjects), returnByValue: true });
    session.post('Runtime.releaseObject', { objectId });
    if (counted.exceptionDetails) throw new Error(`counting failed: ${counted.exceptionDetails.text}`);
    return counted.result.value;
  } finally {
    session.end();
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
  const sorted = (/** @type {Map<string, number>} */ counts) => [...counts].map(([name, count]) => ({ name, count }))
    .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1));
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

module.exports = { countClasses, compareHistograms };
