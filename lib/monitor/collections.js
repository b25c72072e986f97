'use strict';

/**
 * Calls `onMajor` after each major garbage collection: then what is left is what is held. Something that nothing holds
 * tells by its end: a symbol, because V8 makes symbols in the old generation, where only major collections come.
 * Performance entries tell of minor ones too, dozens a second, and what each leaves behind makes V8 grow its young
 * generation by megabytes.
 * @param {() => void} onMajor
 * @returns {() => void} stops
 */
function watchCollections(onMajor) {
  let stopped = false;
  const registry = new FinalizationRegistry(() => {
    if (stopped) return;
    wait();
    onMajor();
  });
  const wait = () => registry.register(Symbol('leakwatch.collection'), undefined);
  wait();
  return () => {
    stopped = true;
  };
}

module.exports = { watchCollections };
