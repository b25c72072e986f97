'use strict';
// Routes as Express's users wrote them, with their mount path, also when a handler fails.
const test = require('node:test');
const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const path = require('node:path');
const { nodes } = require('./fixtures/nodes.js');

const expected = {
  'GET /api/users/:id/posts/:post': 2,
  'GET /api/users/*/raw/x': 1, // no route: the address, as far as it is mounted
  'GET /api/users': 1,
  'POST /api/users': 1,
  'GET /api/users/fail/:x': 1,
  'GET /mounted/a': 1,
  'PUT /both': 1,
  'GET /^\\/re(x|y)$/': 1,
  'GET /a|/b': 1,
  'GET /sub/:tenant/deep/:z': 1,
  'GET (unmatched)': 3,
};

for (const { node, version } of nodes()) {
  for (const express of ['express', 'express4']) {
    test(`${express}, Node ${version}`, () => {
      const output = execFileSync(node, [path.join(__dirname, 'fixtures', 'routes.js'), express], { encoding: 'utf8', timeout: 60_000, stdio: ['ignore', 'pipe', 'ignore'] });
      assert.deepEqual(JSON.parse(output), expected);
    });
  }
}
