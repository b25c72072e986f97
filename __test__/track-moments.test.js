'use strict';
// Which request creates what is asked for a part of the time where that is dear.
const assert = require('node:assert/strict');
const http = require('node:http');
const { once } = require('node:events');
const { test } = require('node:test');
const { setTimeout: sleep } = require('node:timers/promises');
const { areContextsCheap } = require('../lib/track/contexts.js');
const { createTracker } = require('../lib/track/index.js');
const { Moments } = require('../lib/track/moments.js');

test('open at once, closed and open in turns, and closed for good', async () => {
  const turns = [];
  const moments = new Moments((open) => turns.push(open), { openMs: 20, closedMs: 20 });
  moments.start();
  moments.start();
  assert.deepEqual(turns, [true]);
  while (turns.length < 4) await sleep(5);
  moments.stop();
  moments.stop();
  assert.equal(turns.at(-1), false);
  assert.deepEqual(turns.slice(0, 4), [true, false, true, false]);
  const { length } = turns;
  await sleep(100);
  assert.equal(turns.length, length);
  moments.start();
  assert.equal(turns.at(-1), true);
  moments.stop();
});

for (const share of [0.02, 1]) {
  test(`who creates what is known for a moment, and on where that is cheap or all is to be known: ${share} of the time`, async (t) => {
    const tracker = createTracker({ stacks: true, share });
    tracker.countRequests({ contextsPerSecond: 0, samplesPerSecond: 1, moments: { openMs: 2000, closedMs: 600_000 } });
    t.after(() => tracker.stop());
    const server = http.createServer(async (request, response) => {
      await sleep(1);
      response.end(String(tracker.recorder.owner() !== null));
    });
    t.after(() => server.close());
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const isKnown = async () => (await fetch(`http://127.0.0.1:${server.address().port}/`, { headers: { connection: 'close' } })).text();
    assert.equal(await isKnown(), 'false');
    tracker.follow('requests');
    assert.equal(await isKnown(), 'true');
    await sleep(2100);
    assert.equal(await isKnown(), String(share === 1 || areContextsCheap()));
    tracker.unfollow('requests');
    assert.equal(await isKnown(), 'false');
  });
}
