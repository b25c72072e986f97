'use strict';
// An Express server with a heap of many small objects; it takes a snapshot when its parent says how.
// Argument: megabytes of heap.
const express = require('express');
const { takeSnapshot } = require('../../lib/capture.js');
const { fillHeap } = require('../../__test__/fixtures/heap.js');

const sessions = fillHeap(Number(process.argv[2]));
const app = express();
app.get('/', (request, response) => { response.json({ sessions: sessions.size }); });
const server = app.listen(0, '127.0.0.1', () => {
  process.send?.({ port: /** @type {import('node:net').AddressInfo} */ (server.address()).port });
});
server.keepAliveTimeout = 600_000;

process.on('message', async (/** @type {any} */ { mode, directory }) => {
  const loop = watchLoop();
  const before = process.memoryUsage.rss();
  try {
    const { pauseMs, durationMs, peakChildBytes, retries, bytes } = await takeSnapshot({ mode, directory });
    const peakBytes = peakChildBytes ?? process.resourceUsage().maxRSS * 1024;
    process.send?.({ pauseMs, durationMs, retries, bytes, addedBytes: peakBytes - before, longestGapMs: loop() });
  } catch (error) {
    process.send?.({ error: /** @type {Error} */ (error).message, longestGapMs: loop() });
  }
});

/** @returns {() => number} ends watching; the longest time between two turns of the event loop, in milliseconds */
function watchLoop() {
  let [last, longest] = [performance.now(), 0];
  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  }, 1);
  return () => {
    clearInterval(timer);
    return Math.max(longest, performance.now() - last);
  };
}
