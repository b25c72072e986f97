'use strict';
// A watch is told of each major collection, of no minor one, and of none after its end.
const test = require('node:test');
const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const path = require('node:path');
const { nodes } = require('./fixtures/nodes.js');

const program = `
  const { watchCollections } = require(${JSON.stringify(path.join(__dirname, '..', 'lib', 'monitor', 'collections.js'))});
  const { setTimeout: sleep } = require('node:timers/promises');
  let told = 0;
  const stop = watchCollections(() => (told += 1));
  async function collect(times, ...options) {
    const before = told;
    for (let n = 0; n < times; n++) {
      globalThis.gc(...options);
      await sleep(5);
    }
    return told - before;
  }
  (async () => {
    const minor = await collect(20, { type: 'minor' });
    const major = await collect(10);
    stop();
    console.log(JSON.stringify({ minor, major, afterwards: await collect(5) }));
  })();`;

for (const { node, version } of nodes()) {
  test(`major collections, Node ${version}`, () => {
    const { minor, major, afterwards } = JSON.parse(execFileSync(node, ['--expose-gc', '-e', program], { encoding: 'utf8', timeout: 60_000 }));
    assert.equal(minor, 0);
    assert.ok(major >= 5 && major <= 10, `${major} of 10: V8 tells in a task of its own, of two at once when it is late`);
    assert.equal(afterwards, 0);
  });
}
