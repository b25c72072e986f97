'use strict';
const v8 = require('node:v8');
const vm = require('node:vm');
const { setTimeout: sleep } = require('node:timers/promises');

// Objects that wait for a weak callback or a FinalizationRegistry fall one collection later than
// what they hold, and both only run between macrotasks.
const COLLECTIONS = 5;
const COLLECTION_GAP_MS = 15;

const SETTLE_STEP_MS = 50;
const SETTLE_QUIET_STEPS = 3;
const SETTLE_LIMIT_MS = 3000;

const gc = exposeCollector();

/** Forces garbage collections until weak callbacks and finalizers have had their turn. */
async function collect() {
  for (let i = 1; i < COLLECTIONS; i++) {
    gc();
    await sleep(COLLECTION_GAP_MS);
  }
  gc();
}

/** Waits until the number of active resources (sockets being closed, file reads, …) stands still. */
async function settle() {
  const limit = performance.now() + SETTLE_LIMIT_MS;
  let before = NaN;
  for (let quiet = 0; quiet < SETTLE_QUIET_STEPS && performance.now() < limit; ) {
    await sleep(SETTLE_STEP_MS);
    const now = process.getActiveResourcesInfo().length;
    quiet = now === before ? quiet + 1 : 0;
    before = now;
  }
}

/** V8's collector without a `gc` that the app could see, nor a flag left behind. */
function exposeCollector() {
  v8.setFlagsFromString('--expose-gc');
  const collector = vm.runInNewContext('gc');
  if (typeof globalThis.gc !== 'function') v8.setFlagsFromString('--no-expose-gc');
  return collector;
}

module.exports = { collect, settle };
