'use strict';
// An Express server with a heap of many small objects; it takes a snapshot when its parent says how.
// Argument: megabytes of heap.
const express = require('express');
const { takeSnapshot } = require('../../lib/capture.js');
const { fillHeap } = require('../../__test__/fixtures/heap.js');

const sessions = fillHeap(Number(process.argv[2]));
const loop = watchLoop();
const app = express();
app.get('/', (request, response) => {
  loop.turn();
  response.json({ sessions: sessions.size });
});
const server = app.listen(0, '127.0.0.1', () => {
  process.send?.({ port: /** @type {import('node:net').AddressInfo} */ (server.address()).port });
});
server.keepAliveTimeout = 600_000;

process.on('message', async (/** @type {any} */ { mode, directory }) => {
  if (!mode) return void loop.take();
  const undisturbedGapMs = loop.take();
  const before = process.memoryUsage.rss();
  try {
    const { pauseMs, durationMs, peakChildBytes, retries, bytes } = await takeSnapshot({ mode, directory });
    const peakBytes = peakChildBytes ?? process.resourceUsage().maxRSS * 1024;
    process.send?.({ pauseMs, durationMs, retries, bytes, addedBytes: peakBytes - before, longestGapMs: loop.take(), undisturbedGapMs });
  } catch (error) {
    process.send?.({ error: /** @type {Error} */ (error).message });
  }
});

/** Sees how long the event loop runs neither a timer of 1 ms nor a request. `take`: the longest since the last time, in milliseconds. */
function watchLoop() {
  let [last, longest] = [performance.now(), 0];
  const turn = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  };
  setInterval(turn, 1);
  return {
    turn,
    take() {
      turn();
      const taken = longest;
      longest = 0;
      return taken;
    },
  };
}
