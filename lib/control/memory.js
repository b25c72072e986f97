'use strict';
const v8 = require('node:v8');
const native = require('../native.js');

/** What this process holds now: `Memory` of the test run, in bytes and counts. */
function readMemory() {
  const heap = v8.getHeapStatistics();
  const { rss, external, arrayBuffers } = process.memoryUsage();
  const { anonymous, swap, cgroupUsage, cgroupLimit, fds, threads } = native.readProcess();
  return {
    ...{ rss, anonymous, swap, cgroupUsage, cgroupLimit, fds, threads },
    heapUsed: heap.used_heap_size,
    heapTotal: heap.total_heap_size,
    heapLimit: heap.heap_size_limit,
    external,
    arrayBuffers,
    mallocedMemory: heap.malloced_memory,
    spaces: readSpaces(),
    activeResources: countActiveResources(),
  };
}

function readSpaces() {
  return Object.fromEntries(v8.getHeapSpaceStatistics().map((space) => [space.space_name, space.space_used_size]));
}

function countActiveResources() {
  /** @type {Record<string, number>} */
  const counts = {};
  for (const type of process.getActiveResourcesInfo()) counts[type] = (counts[type] ?? 0) + 1;
  return counts;
}

module.exports = { readMemory };
