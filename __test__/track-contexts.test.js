'use strict';
// Contexts of requests that something keeps: by route, in the running process and in heap snapshots, redacted or not.
const test = require('node:test');
const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { nodes } = require('./fixtures/nodes.js');

const fixture = path.join(__dirname, 'fixtures', 'contexts.js');

function run(node, contexts) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'leakwatch-contexts-'));
  try {
    const seen = JSON.parse(execFileSync(node, ['--expose-gc', fixture, folder, JSON.stringify(contexts)], { encoding: 'utf8', timeout: 60_000 }));
    return { ...seen, markers: seen.snapshots.map(markersIn) };
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

/** Read with nothing of leakwatch: how many markers lead to a function of which name. */
function markersIn(file) {
  const { snapshot, nodes: fields, edges, strings } = JSON.parse(fs.readFileSync(file, 'utf8'));
  const { node_fields: node, node_types: [types], edge_fields: edge } = snapshot.meta;
  const at = Object.fromEntries(node.map((name, index) => [name, index]));
  const counts = {};
  let next = 0;
  for (let index = 0; index < fields.length; index += node.length) {
    const first = next;
    next += fields[index + at.edge_count] * edge.length;
    if (types[fields[index + at.type]] !== 'object' || strings[fields[index + at.name]] !== 'LeakWatchRequest') continue;
    for (let e = first; e < next; e += edge.length) {
      const target = edges[e + 2];
      if (types[fields[target + at.type]] !== 'closure' || strings[edges[e + 1]] !== 'route') continue;
      const name = strings[fields[target + at.name]];
      counts[name] = (counts[name] ?? 0) + 1;
    }
  }
  return counts;
}

function routesOf(resources, kind, name) {
  const rows = resources.filter((group) => group.kind === kind && group.name === name).flatMap(({ routes }) => routes);
  return Object.fromEntries(rows.map(({ route, count }) => [route, count]));
}

for (const { node, version } of nodes()) {
  const isCheap = Number(version.slice(1).split('.')[0]) >= 24;

  test(`promises that never settle are counted by route, Node ${version}`, () => {
    const { resources, routes, markers, verdict, waiting } = run(node, isCheap ? 'auto' : true);
    assert.equal(waiting, 35);
    const plain = markers[0];
    assert.equal(plain['POST /api/login/:user'], 30);
    assert.equal(plain['GET /api/hanging'], 5);
    // A connection that is being closed may still hold its last request.
    assert.ok((plain['GET /api/health'] ?? 0) <= 2, JSON.stringify(plain));
    const leaking = ({ 'POST /api/login/:user': login, 'GET /api/hanging': hanging }) => [login, hanging];
    assert.deepEqual(leaking(markers[1]), leaking(plain), 'redaction leaves routes readable');
    assert.equal(routesOf(resources, 'context', 'LeakWatchRequest')['POST /api/login/:user'], 30);
    assert.equal(routesOf(resources, 'context', 'LeakWatchRequest (aborted)')['GET /api/hanging'], 5);
    assert.deepEqual(routesOf(resources, 'request', 'IncomingMessage')['POST /api/login/:user'], undefined, 'a marker keeps no request');
    assert.equal(routes.find(({ route }) => route === 'GET /api/hanging').requests, 5, 'requests that are cut off count');
    assert.notEqual(verdict, 'leaking', 'a context tells of a route, and proves nothing');
  });

  test(`no contexts unless they are cheap or wanted, Node ${version}`, () => {
    for (const contexts of isCheap ? [false] : [false, 'auto']) {
      const { resources, routes, markers } = run(node, contexts);
      assert.deepEqual(markers, [{}, {}]);
      assert.deepEqual(resources.filter(({ kind }) => kind === 'context'), []);
      assert.equal(routes.find(({ route }) => route === 'GET /api/hanging').requests, 5);
    }
  });
}
