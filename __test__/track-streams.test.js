'use strict';
// Streams neither ended nor destroyed, and HTTP agents: count and line; those that are let go are not told.
const test = require('node:test');
const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { nodes } = require('./fixtures/nodes.js');

const fixture = path.join(__dirname, 'fixtures', 'streams.js');
const lines = fs.readFileSync(fixture, 'utf8').split('\n');
const lineOf = (mark) => lines.findIndex((line) => line.includes(`// leak: ${mark}`)) + 1;

for (const { node, version } of nodes()) {
  for (const collections of [0, 2]) {
    test(`after ${collections} collections, Node ${version}`, () => {
      const { young, groups } = JSON.parse(execFileSync(node, ['--expose-gc', fixture, String(collections)], { encoding: 'utf8', timeout: 60_000 }));
      // Node 20 shows the constructor that a subclass does not write as a frame of its own.
      const inFunction = (site) => site.find((frame) => frame.function === 'leak');
      const found = groups.map(({ kind, name, count, site }) => [kind, name, count, inFunction(site).file, inFunction(site).line]);
      assert.deepEqual(found.sort((a, b) => a[4] - b[4]), [
        ['stream', 'PassThrough', 20, fixture, lineOf('stream')],
        ['stream', 'Upload', 20, fixture, lineOf('subclass')],
        ['handle', 'Agent', 20, fixture, lineOf('agent')],
        ['stream', 'Readable', 20, fixture, lineOf('readable')],
      ]);
      // What may be garbage is no finding yet, unless the caller forces collections.
      if (collections > 0) assert.equal(young, 0);
    });
  }
}
