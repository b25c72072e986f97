'use strict';
// The line that says how far a command is: on a terminal it changes and goes, elsewhere it is not there.
const assert = require('node:assert/strict');
const { test } = require('node:test');
const { Progress } = require('../lib/cli/progress.js');

/** A stream that remembers. @param {Partial<NodeJS.WriteStream>} properties */
function remembering(properties) {
  /** @type {string[]} */
  const written = [];
  const stream = /** @type {NodeJS.WriteStream} */ (/** @type {unknown} */ ({ write: (/** @type {string} */ text) => written.push(text), ...properties }));
  return { stream, written };
}

/** What a terminal shows in the end. @param {string[]} written */
const shown = (written) => written.join('').split('\r\u001b[2K').at(-1);

test('on a terminal: one line that fits, grows, and is gone in the end', () => {
  const { stream, written } = remembering({ isTTY: true, columns: 60 });
  const progress = new Progress(stream);
  for (const fraction of [0, 0.25, 0.5, 1]) progress.bar('reading app.heapsnapshot that has a long name', fraction);
  const bars = written.map((text) => shown([text]) ?? '');
  assert.deepEqual(bars.map((bar) => bar.split('█').length - 1), [0, 6, 12, 24]);
  assert.match(bars[1], /^leakwatch: █{6}░{18} {2}25 % reading app/);
  for (const bar of bars) assert.ok(bar.length < 60 && !bar.includes('\n'), bar);
  progress.clear();
  assert.equal(shown(written), '');
  const before = written.length;
  progress.clear();
  assert.equal(written.length, before, 'what is gone is not cleared twice');
});

test('elsewhere: no bar at all', () => {
  const { stream, written } = remembering({ isTTY: false });
  const progress = new Progress(stream);
  progress.bar('reading', 0.5);
  progress.clear();
  assert.deepEqual(written, []);
});
