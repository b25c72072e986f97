'use strict';
const { PerformanceObserver, constants } = require('node:perf_hooks');

/**
 * Calls `onMajor` after each major garbage collection: then what is left is what is held.
 * @param {() => void} onMajor
 * @returns {() => void} stops
 */
function watchCollections(onMajor) {
  const observer = new PerformanceObserver((list) => {
    const isMajor = (/** @type {any} */ entry) => entry.detail?.kind === constants.NODE_PERFORMANCE_GC_MAJOR;
    if (list.getEntries().some(isMajor)) onMajor();
  });
  observer.observe({ entryTypes: ['gc'] });
  return () => observer.disconnect();
}

module.exports = { watchCollections };
