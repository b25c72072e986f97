'use strict';
const assert = require('node:assert/strict');
const { execFileSync, spawnSync } = require('node:child_process');
const { randomBytes } = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before, test } = require('node:test');
const zlib = require('node:zlib');
const { backgroundSupport, redactSnapshot, takeSnapshot } = require('../lib/capture.js');
const { explainObject } = require('..');
const { oracle, prepare } = require('./devtools/index.js');
const { nodes } = require('./fixtures/nodes.js');

/** @type {string} */
let folder;
before(() => {
  prepare();
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'leakwatch-redaction-'));
});
after(() => fs.rmSync(folder, { recursive: true, force: true }));

/** @param {string} file */
function content(file) {
  const bytes = fs.readFileSync(file);
  if (file.endsWith('.gz')) return zlib.gunzipSync(bytes).toString('latin1');
  if (file.endsWith('.zst')) return spawnSync('zstd', ['-dc', file], { encoding: 'latin1', maxBuffer: 1 << 30 }).stdout;
  return bytes.toString('latin1');
}

for (const { version, node } of nodes()) {
  test(`no secret is left in a redacted snapshot, Node ${version}`, { skip: !backgroundSupport().supported && String(backgroundSupport().reason) }, () => {
    // Letters of the program's own, so that the parts V8 cuts off are recognised too.
    const secret = `q${randomBytes(6).toString('hex')}`;
    // A file, not an argument: process.argv and the environment are strings too, and redacted like any other.
    const output = execFileSync(node, [path.join(__dirname, 'fixtures', 'secrets.js'), secret, path.join(folder, version)], { encoding: 'utf8' });
    const { digits, files, plain } = JSON.parse(output);
    const found = (/** @type {string} */ text) => [secret, digits].map((value) => text.split(value).length - 1);
    const [secrets, numbers] = found(content(plain.path));
    assert.ok(secrets >= 15 && numbers >= 1, `the plain snapshot shows ${secrets} secrets and ${numbers} numbers`);
    assert.deepEqual(files.map((/** @type {{ redacted: boolean }} */ file) => file.redacted), [true, true, true]);
    for (const file of files) {
      assert.deepEqual(found(fs.readFileSync(file.path, 'latin1')), [0, 0], file.path);
      const text = content(file.path);
      if (file.path.endsWith('.zst') && !text) continue;
      assert.deepEqual(found(text), [0, 0], file.path);
      // Names stay: of the class, its properties, its variables, a block's, and the file.
      for (const name of ['"Vault"', '"numberLike"', '"captured"', '"blockVault"', 'secrets.js"']) assert.ok(text.includes(name), name);
    }
  });

  test(`DevTools sees the same graph in a redacted snapshot, Node ${version}`, async () => {
    const plain = path.join(folder, `${version}.heapsnapshot`);
    const redacted = path.join(folder, `${version}-redacted.heapsnapshot`);
    execFileSync(node, [path.join(__dirname, 'fixtures', 'heap-scene.js'), plain]);
    await redactSnapshot(plain, redacted);
    const [before, after] = [oracle(plain), oracle(redacted)];
    assert.ok(before.classes.length > 100);
    assert.deepEqual(after, before);
    const parts = (/** @type {string} */ file) => JSON.parse(fs.readFileSync(file, 'utf8'));
    const { strings: from, ...graph } = parts(plain);
    const { strings: to, ...same } = parts(redacted);
    assert.deepEqual(same, graph);
    const names = namesIn(graph, from);
    assert.deepEqual(to, from.map((/** @type {string} */ text, /** @type {number} */ index) => (names.has(index) ? text : '*'.repeat(text.length))));
  });

  test(`variables of blocks and modules are named in a redacted snapshot, Node ${version}`, async () => {
    const program = path.join(__dirname, 'fixtures', 'named.mjs');
    const file = path.join(folder, `${version}-named.heapsnapshot`);
    execFileSync(node, [program, file]);
    for (const [name, className] of [['blockVariable', 'InBlock'], ['exported', 'Exported'], ['(renamed export)', 'Renamed']]) {
      const { paths } = await explainObject(file, { class: className });
      assert.equal(paths[0].text, `${program} › ${name} › ${className}`);
    }
  });
}

/**
 * Which strings are names, seen from the whole snapshot at once: of nodes that are no text, of edges, and whatever a scope's
 * record points at.
 * @param {any} graph
 * @param {string[]} strings
 */
function namesIn({ snapshot: { meta }, nodes, edges }, strings) {
  const names = new Set();
  const typeOf = (/** @type {number} */ node) => meta.node_types[0][nodes[node]];
  let edge = 0;
  for (let node = 0; node < nodes.length; node += meta.node_fields.length) {
    const name = nodes[node + 1];
    if (!['string', 'concatenated string', 'sliced string', 'regexp'].includes(typeOf(node))) names.add(name);
    const isScope = typeOf(node) === 'code' && strings[name] === 'system / ScopeInfo';
    for (const end = edge + 3 * nodes[node + meta.node_fields.indexOf('edge_count')]; edge < end; edge += 3) {
      const [type, label, target] = edges.slice(edge, edge + 3);
      if (!['element', 'hidden'].includes(meta.edge_types[0][type])) names.add(label);
      if (isScope && typeOf(target) === 'string') names.add(nodes[target + 1]);
    }
  }
  return names;
}

test('what is not a snapshot is refused and leaves nothing', async () => {
  const target = path.join(folder, 'never');
  await assert.rejects(redactSnapshot(__filename, target), { name: 'LeakWatchError', code: 'ERR_LEAKWATCH_MALFORMED' });
  await assert.rejects(redactSnapshot(path.join(folder, 'none'), target), { code: 'ERR_LEAKWATCH_PATH' });
  assert.ok(!fs.existsSync(target));
});

test('in production snapshots are redacted unless told otherwise', async () => {
  const before = process.env.NODE_ENV;
  try {
    process.env.NODE_ENV = 'production';
    assert.equal((await takeSnapshot({ mode: 'inline', path: path.join(folder, 'production') })).redacted, true);
    assert.equal((await takeSnapshot({ mode: 'inline', path: path.join(folder, 'production'), redact: false })).redacted, false);
  } finally {
    if (before === undefined) delete process.env.NODE_ENV; else process.env.NODE_ENV = before;
  }
});
