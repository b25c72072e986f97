'use strict';
const fs = require('node:fs');
const inspector = require('node:inspector');
const path = require('node:path');

/** @typedef {{ name: string, count: number }} ClassCount objects whose nearest constructor has this name */

/**
 * Counts the live objects of this thread by constructor: everything that inherits from Object.prototype.
 * Collects garbage first.
 * @returns {ClassCount[]} the most frequent first
 */
function countClasses() {
  const session = new inspector.Session();
  session.connect();
  try {
    const prototype = post(session, 'Runtime.evaluate', { expression: 'Object.prototype' }).result.objectId;
    const { objectId } = post(session, 'Runtime.queryObjects', { prototypeObjectId: prototype }).objects;
    const counted = post(session, 'Runtime.callFunctionOn', { objectId, functionDeclaration: String(countByConstructor), returnByValue: true });
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
function countByConstructor() {
  /** @type {Map<object | null, number>} */
  const byPrototype = new Map();
  for (let index = 0; index < this.length; index++) {
    let prototype = null;
    try {
      prototype = Object.getPrototypeOf(this[index]);
    } catch {
      // A revoked proxy has none.
    }
    byPrototype.set(prototype, (byPrototype.get(prototype) ?? 0) + 1);
  }
  /** @type {Map<string, number>} */
  const byName = new Map();
  for (const [prototype, count] of byPrototype) {
    let name = '(no constructor)';
    try {
      for (let at = prototype; at; at = Object.getPrototypeOf(at)) {
        const constructor = Object.getOwnPropertyDescriptor(at, 'constructor')?.value;
        const own = typeof constructor === 'function' ? Object.getOwnPropertyDescriptor(constructor, 'name')?.value : undefined;
        if (typeof own !== 'string' || own === '') continue;
        name = own;
        break;
      }
    } catch {
      // A proxy among the prototypes may throw.
    }
    byName.set(name, (byName.get(name) ?? 0) + count);
  }
  return [...byName].map(([name, count]) => ({ name, count })).sort((a, b) => b.count - a.count);
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
 * @param {{ classes: ClassCount[] }[]} histograms in the order they were taken
 * @returns {{ name: string, counts: number[], growth: number }[]} what grew most from the first to the last, first
 */
function compareHistograms(histograms) {
  /** @type {Map<string, number[]>} */
  const rows = new Map();
  histograms.forEach(({ classes }, column) => {
    for (const { name, count } of classes) {
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
