'use strict';

/** Seen by another copy of this package, too: the app's need not be the one that tests it. Not a global, which apps look through. */
const MARK = Symbol.for('leakwatch.test');

/** From here on `leakwatch test` takes this thread's heap snapshots. */
function beUnderTest() {
  Object.defineProperty(process, MARK, { value: true, configurable: true });
}

/**
 * Whether `leakwatch test` takes this thread's heap snapshots: then nobody else may profile its heap, because V8 gives all objects new
 * ids when another session ends that did, and the snapshots no longer belong together.
 */
function isUnderTest() {
  return MARK in process;
}

module.exports = { beUnderTest, isUnderTest };
