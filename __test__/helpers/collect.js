'use strict';
const { setTimeout: sleep } = require('node:timers/promises');

/**
 * Forces major garbage collections (`--expose-gc`), and waits each time until whoever asked for it was told.
 * @param {number} times at least
 */
async function collect(times) {
  for (let n = 0; n < times; n++) {
    let told = false;
    const registry = new FinalizationRegistry(() => (told = true));
    registry.register(Symbol('told'), undefined);
    do {
      globalThis.gc();
      await sleep(1);
    } while (!told);
    await sleep(1); // others may be told after us
  }
}

module.exports = { collect };
