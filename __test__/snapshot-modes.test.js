'use strict';
// Where snapshots in the background are not to be had. Played: the native answer is replaced.
const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before, test } = require('node:test');
const { backgroundSupport, classHistogram, takeSnapshot } = require('../lib/capture.js');
const native = require('../lib/native.js');

/** @type {string} */
let folder;
const { backgroundSupport: real } = native;
before(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'leakwatch-modes-'));
  native.backgroundSupport = () => ({ supported: false, reason: 'this is a test' });
});
after(() => {
  native.backgroundSupport = real;
  fs.rmSync(folder, { recursive: true, force: true });
});

test('auto does not stop the event loop unasked, and says for how long it would', async () => {
  for (const options of [{}, { mode: 'auto' }]) {
    await assert.rejects(takeSnapshot({ directory: folder, .../** @type {any} */ (options) }), {
      code: 'ERR_LEAKWATCH_UNSUPPORTED', message: /this is a test.*would stop the event loop for about \d+(\.\d)? s.*allowPause: true/,
    });
  }
  await assert.rejects(takeSnapshot({ directory: folder, mode: 'background', allowPause: true }), { code: 'ERR_LEAKWATCH_UNSUPPORTED', message: /mode: "inline"/ });
  await assert.rejects(classHistogram(), { code: 'ERR_LEAKWATCH_UNSUPPORTED' });
  assert.deepEqual(fs.readdirSync(folder), []);
});

test('auto with leave to pause is inline', async () => {
  assert.equal((await takeSnapshot({ directory: folder, allowPause: true })).mode, 'inline');
  assert.equal((await classHistogram({ allowPause: true })).mode, 'inline');
});

test('one answer for everybody', () => {
  assert.deepEqual(backgroundSupport(), { supported: false, reason: 'this is a test' });
  assert.deepEqual(require('..').backgroundSupport(), backgroundSupport());
});
