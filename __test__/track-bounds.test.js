'use strict';
// A million subjects that are made and dropped leave leakwatch's own tables empty; what has no place in them is counted.
const test = require('node:test');
const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const { EventEmitter } = require('node:events');
const path = require('node:path');
const leakWatch = require('..');
const { createTracker } = require('../lib/track/index.js');
const { Recorder } = require('../lib/track/recorder.js');

const NODE = process.env.TEST_NODE || process.execPath;
const fixture = path.join(__dirname, 'fixtures', 'dropped.js');
const MEGABYTE = 2 ** 20;

const kinds = [
  'timers', 'emitters', 'listeners', 'event names', 'signals', 'requests', 'sockets', 'descriptors', 'checkouts', 'streams', 'handles',
  'emitters that warned', 'emitters that cannot warn', 'sampled requests', 'requests that are never answered',
];
for (const kind of kinds) {
  test(`dropped ${kind}`, () => {
    const child = spawnSync(NODE, ['--expose-gc', '--max-old-space-size=300', fixture, kind], { encoding: 'utf8', timeout: 120_000 });
    assert.equal(child.status, 0, child.stderr);
    const { made, most, left, uncollected, heap, groups } = JSON.parse(child.stdout);
    assert.ok(made >= 20_000, String(made));
    assert.deepEqual([groups, left, uncollected], [[], 0, 0]);
    // While they come and go, no more are remembered than V8 has not collected yet.
    assert.ok(most < 400_000, String(most));
    assert.ok(heap < 24 * MEGABYTE, String(heap));
  });
}

test('what has no place in the tables is counted, and the report says so', async () => {
  const watch = leakWatch({ track: 'all', prove: false });
  const bus = new EventEmitter().setMaxListeners(0);
  // One emitter's events beyond 256 are not followed: `a` to `zz`, because digits in names are taken for ids.
  const letters = [...'abcdefghijklmnopqrstuvwxyz'];
  const events = letters.flatMap((first) => letters.map((second) => first + second));
  for (const event of events) for (let n = 0; n < 4; n++) bus.on(event, () => {});
  const { dropped } = await watch.report();
  watch.stop();
  assert.deepEqual(dropped, { entries: events.length - 256, sites: 0, routes: 0 });
});

test('routes beyond the limit are one', () => {
  const { recorder } = createTracker({});
  const names = Array.from({ length: 600 }, (_, n) => recorder.table.routeName(recorder.table.route(`GET /${n}`)));
  assert.equal(new Set(names).size, 512);
  assert.equal(names.at(-1), '(other)');
  assert.equal(recorder.dropped().routes, 600 - 511);
});

test('resources of more kinds than the table has rows are dropped and counted', () => {
  const { recorder } = createTracker({});
  const ids = Array.from({ length: 9000 }, (_, n) => recorder.add('timer', `timer ${n}`));
  assert.equal(ids.filter((id) => id !== 0).length, 8192);
  assert.equal(recorder.dropped().entries, 9000 - 8192);
  recorder.table.remove(ids);
  assert.notEqual(recorder.add('timer', 'one more'), 0);
});

test('what is made more often than there is time to look at is sampled, and the rest counted', async () => {
  const recorder = new Recorder({ stacks: false, share: 0 });
  const looked = [];
  const slow = () => {
    for (const end = performance.now() + 30; performance.now() < end;);
    looked.push('first');
  };
  recorder.sample(slow);
  recorder.sample(() => looked.push('second'));
  assert.deepEqual(looked, ['first']);
  assert.equal(recorder.dropped().entries, 1);
  while (!recorder.hasTime()) await new Promise((resolve) => setTimeout(resolve, 10)); // it is given again
  recorder.sample(() => looked.push('third'));
  assert.deepEqual(looked, ['first', 'third']);
});
