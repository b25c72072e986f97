'use strict';
const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before, test } = require('node:test');
const { analyzeSnapshot } = require('../lib/analysis.js');
const { backgroundSupport, takeSnapshot } = require('../lib/capture.js');

/** @type {string} */
let folder;
before(() => { folder = fs.mkdtempSync(path.join(os.tmpdir(), 'leakwatch-analysis-')); });
after(() => fs.rmSync(folder, { recursive: true, force: true }));

class Barnacle {
  constructor(/** @type {number} */ number) {
    this.number = number;
    this.wait = () => number;
  }
}
const kept = new Map(Array.from({ length: 4321 }, (_, number) => [`k${number}`, new Barnacle(number)]));

const background = backgroundSupport().supported;
for (const options of [
  { mode: 'inline' },
  { mode: 'inline', redact: true, compression: 'zstd' },
  ...(background ? [{ mode: 'background' }, { mode: 'background', redact: true }, { mode: 'background', redact: true, compression: 'gzip' }] : []),
]) {
  test(`what is read while it is written is what the file says: ${JSON.stringify(options)}`, async () => {
    const { path: file, analysis, analysisError } = await takeSnapshot({ .../** @type {any} */ (options), analyze: true, directory: folder });
    assert.equal(analysisError, null);
    assert.equal(JSON.stringify(analysis), JSON.stringify(await analyzeSnapshot(file)));
    assert.equal(analysis.classes.find((/** @type {any} */ row) => row.name === 'Barnacle').count, kept.size);
  });
}

test('nobody is told what nobody asked for', async () => {
  const { analysis, analysisError } = await takeSnapshot({ mode: 'inline', directory: folder });
  assert.deepEqual([analysis, analysisError], [null, null]);
});
