'use strict';
// Each tracker in a running server: a real leak is told with line, route and count, and its healthy twin is not accused.
const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { promisify } = require('node:util');
const { nodes } = require('./fixtures/nodes.js');

const fixture = path.join(__dirname, 'fixtures', 'twins.js');
const lines = fs.readFileSync(fixture, 'utf8').split('\n');
const lineOf = (mark) => lines.findIndex((line) => line.includes(`// ${mark}`)) + 1;
/** Requests to each route; workers take ten megabytes each. */
const ASKED = 60;
/**
 * What each leak is, how many are alive with their site at least, and how many the healthy twin may keep. The first
 * listeners of a pile have none.
 */
const KINDS = {
  timer: { kind: 'timer', located: ASKED, healthy: 1 },
  listener: { kind: 'listener', located: ASKED - 6, healthy: 0 },
  signal: { kind: 'listener', located: ASKED - 6, healthy: 0 },
  derived: { kind: 'listener', located: ASKED, healthy: 0 },
  socket: { kind: 'socket', located: ASKED, healthy: 12 },
  agent: { kind: 'socket', located: ASKED, healthy: 4 },
  file: { kind: 'file', located: ASKED, healthy: 0 },
  filestream: { kind: 'file', located: ASKED, healthy: 0, holder: 'ReadStream' },
  watcher: { kind: 'handle', located: ASKED, healthy: 1 },
  child: { kind: 'handle', located: ASKED, healthy: 0 },
  directory: { kind: 'handle', located: ASKED, healthy: 0 },
  pipe: { kind: 'handle', located: ASKED, healthy: 12 },
  stream: { kind: 'stream', located: ASKED, healthy: 0 },
  checkout: { kind: 'checkout', located: ASKED, healthy: 0 },
  worker: { kind: 'worker', located: ASKED / 6, healthy: 2 },
};

/** @returns {Promise<{ resources: any[], report: any }>} */
async function run(node, name) {
  const { stdout } = await promisify(execFile)(node, ['--expose-gc', '--no-warnings', fixture, name], { timeout: 120_000, maxBuffer: 1 << 26 });
  return JSON.parse(stdout);
}

for (const { node, version } of nodes()) {
  describe(version, { concurrency: 3 }, () => checkAll(node));
}

function checkAll(node) {
  for (const [name, { kind, located, healthy, holder }] of Object.entries(KINDS)) {
    test(name, async () => {
      const { resources, report } = await run(node, name);
      const at = (mark) => resources.filter((group) => group.kind === kind && group.site.some(({ file, line }) => file === fixture && line === lineOf(mark)));
      const total = (groups) => groups.reduce((sum, { count }) => sum + count, 0);
      const leak = at(`leak: ${name}`);
      assert.ok(total(leak) >= located && total(leak) <= ASKED, JSON.stringify(leak));
      if (kind !== 'listener') assert.equal(total(leak), located);
      if (holder) assert.deepEqual(leak.map((group) => group.holder), [holder]);
      assert.deepEqual([...new Set(leak.flatMap(({ routes }) => routes.map(({ route }) => route)))], [`GET /${name}/:id/leak`]);
      assert.ok(total(at(`healthy: ${name}`)) <= healthy, JSON.stringify(at(`healthy: ${name}`)));
      if (name === 'worker' || name === 'stream') return; // few workers, or few collections to live through, are no proof
      assert.equal(report.verdict, 'leaking', JSON.stringify(report.evidence));
      const [suspect] = report.suspects;
      assert.deepEqual([report.suspects.length, suspect.routes], [1, [`GET /${name}/:id/leak`]]);
      // A helper's line may come first.
      assert.ok(suspect.createdAt.some(({ line }) => line === lineOf(`leak: ${name}`)), JSON.stringify(suspect.createdAt));
    });
  }

  test("requests that are kept are their route's, and slow ones nobody's", async () => {
    const { resources } = await run(node, 'request');
    const routes = resources.filter(({ kind }) => kind === 'request').flatMap((group) => group.routes);
    assert.deepEqual(routes.filter(({ count }) => count > 2), [{ route: 'GET /request/:id/leak', count: ASKED }]);
  });
}
