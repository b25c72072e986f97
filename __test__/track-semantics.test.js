'use strict';
// What patched functions return, throw and report is Node's own: each behaviour is observed without leakwatch and with it.
const test = require('node:test');
const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const path = require('node:path');
const { nodes } = require('./fixtures/nodes.js');
const interop = require('./interop/index.js');

interop.prepare();

function run(node, program, mode) {
  return JSON.parse(execFileSync(node, ['--expose-gc', '--no-warnings', path.join(__dirname, program), mode], { encoding: 'utf8', timeout: 60_000 }));
}

for (const { node, version } of nodes()) {
  const documented = run(node, 'semantics/program.js', 'bare');
  const ownTests = run(node, 'interop/node-tests.js', 'bare');

  test(`Node's own tests of events pass, ${version}`, () => {
    assert.equal(Object.keys(ownTests).length, 20);
    assert.deepEqual([...new Set(Object.values(ownTests))], ['passed']);
  });
  for (const mode of ['auto', 'all']) {
    test(`Node's own tests of events pass with leakwatch, ${mode}, ${version}`, () => {
      assert.deepEqual(run(node, 'interop/node-tests.js', mode), ownTests);
    });
    test(`what the documentation says is so with leakwatch, ${mode}, ${version}`, () => {
      assert.deepEqual(run(node, 'semantics/program.js', mode), documented);
    });
  }
}
