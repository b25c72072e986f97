'use strict';
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { FIXTURES, leakwatch } = require('./helpers/leakwatch.js');

const AMOUNT = ['--warmup', '300', '--requests', '300', '--rounds', '4'];

function lineOf(file, code) {
  return fs.readFileSync(path.join(FIXTURES, file), 'utf8').split('\n').findIndex((line) => line.includes(code)) + 1;
}

async function reportOf(entry, ...args) {
  const { code, stdout, stderr } = await leakwatch(['test', entry, '--json', '-', ...AMOUNT, ...args]);
  assert.notEqual(code, 3, stderr);
  return { code, report: JSON.parse(stdout), stderr };
}

const LOGIN = ['--request', 'GET /', '--request', 'POST /login {"user":"user{{n}}"}'];

test('an unbounded map of sessions: held where, by which route', async () => {
  const { code, report } = await reportOf('leaky.js', ...LOGIN);
  assert.deepEqual([code, report.verdict], [1, 'leaking']);
  const [suspect] = report.suspects;
  assert.equal(suspect.name, 'Session');
  assert.deepEqual(suspect.routes, ['POST /login']);
  assert.ok(suspect.retainerPath.some((step) => step.name === 'sessions'), JSON.stringify(suspect.retainerPath));
  assert.equal(suspect.heldAt.line, lineOf('leaky.js', 'const sessions = new Map()'));
  assert.equal(path.resolve(FIXTURES, suspect.heldAt.file), path.join(FIXTURES, 'leaky.js'));
});

test('an app that watches itself does not get in the way of its test', async () => {
  const { report } = await reportOf('watched-leaky.js', '--request', 'GET /drafts/{{n}}', '--requests', '1500');
  const [suspect] = report.suspects;
  assert.equal(suspect?.name, 'Draft', report.summary);
  assert.deepEqual(suspect.routes, ['GET /drafts/:text']);
  assert.ok(suspect.retainerPath.some((step) => step.name === 'drafts'), JSON.stringify(suspect.retainerPath));
});

test('its twin that keeps one session is healthy', async () => {
  const { code, report } = await reportOf('healthy.js', ...LOGIN);
  assert.deepEqual([code, report.verdict, report.suspects], [0, 'healthy', []]);
});

test('an app that ends heap profiler sessions meanwhile is undecided: its snapshots cannot be compared', async () => {
  const { code, report } = await reportOf('profiled.js', '--request', 'GET /');
  assert.deepEqual([code, report.verdict, report.suspects], [2, 'undecided', []]);
  assert.match(report.summary, /the heap snapshots cannot be compared/);
  assert.match(report.evidence[0], /V8 gave out object ids anew .*HeapProfiler\.disable/);
});

test('a listener per request in an ES module', async () => {
  const { code, report } = await reportOf('leaky-module.mjs', '--request', 'GET /prices/{{n}}');
  assert.equal(code, 1);
  const [suspect] = report.suspects;
  assert.deepEqual([suspect.kind, suspect.name, suspect.routes], ['listener', 'price', ['GET /prices/:id']]);
  assert.ok(suspect.createdAt.some(({ line }) => line === lineOf('leaky-module.mjs', "feed.on('price'")), JSON.stringify(suspect.createdAt));
});

test('of several requests to a server without routes, the one that leaks when the others are kept away', async () => {
  const { code, report, stderr } = await reportOf('plain-http.js', '--request', 'GET /recent/{{n}}', '--request', 'GET /visit/{{hex:12}}');
  assert.equal(code, 1);
  assert.match(stderr, /telling the routes apart/);
  const held = report.suspects.find((suspect) => suspect.retainerPath.some((step) => step.name === 'visits'));
  assert.deepEqual(held?.routes, ['GET /visit'], JSON.stringify(report.suspects));
});

test('a map of numbers, which no snapshot shows and whose store grows in steps', async () => {
  const { report } = await reportOf('numbers.js', '--request', 'GET /users/{{n}}', '--request', 'GET /jobs/{{n}}');
  assert.equal(report.suspects.length, 1, JSON.stringify(report.suspects));
  const [suspect] = report.suspects;
  assert.deepEqual([suspect.name, suspect.routes, suspect.growth.countPerRequest], ['Map', ['GET /users/:id'], 0.5]);
  assert.deepEqual(suspect.createdAt.map(({ line }) => line), [lineOf('numbers.js', 'lastSeen.set')]);
  assert.equal(suspect.heldAt.line, lineOf('numbers.js', 'const lastSeen'));
  assert.ok(suspect.evidence.some((sentence) => /^it had [\d,]+, then [\d,]+, then [\d,]+ entries/.test(sentence)), suspect.evidence.join('\n'));
});

test('errors that an error handler keeps: by the route that fails, not by one whose responses are sent the same way', async () => {
  const good = [1, 2].flatMap((i) => ['--request', `GET /good${i}/{{n}}`]);
  const { report } = await reportOf('failures.js', ...good, '--request', 'GET /bad/{{n}}');
  assert.equal(report.suspects.length, 1, JSON.stringify(report.suspects));
  const [suspect] = report.suspects;
  assert.deepEqual([suspect.name, suspect.routes], ['Error', ['GET /bad/:id']]);
  assert.deepEqual(suspect.createdAt.map(({ line }) => line), [lineOf('failures.js', '] = error')]);
  assert.match(suspect.advice, /^Bound failures:/);
});

test('an app that leaves it to cluster workers to listen is tested as one of them', async () => {
  const { code, report, stderr } = await reportOf('cluster.js', '--request', 'GET /visit/{{n}}');
  assert.equal(code, 1, stderr);
  assert.match(stderr, /cluster\.js forks cluster workers/);
  const [suspect] = report.suspects;
  assert.deepEqual([suspect.routes, suspect.createdAt[0]?.line], [['GET /visit/:id'], lineOf('cluster.js', 'visits.push')]);
  assert.ok(suspect.retainerPath.some(({ kind, name }) => kind === 'variable' && name === 'visits'), JSON.stringify(suspect.retainerPath));
});

test('what worker threads keep: by which route, in which file, and in which thread', async () => {
  const { code, report } = await reportOf('workers.js', '--request', 'GET /render/{{n}}', '--', 'worker-keeps.js');
  assert.equal(code, 1, JSON.stringify(report.evidence));
  assert.equal(report.suspects.length, 1, JSON.stringify(report.suspects));
  const [suspect] = report.suspects;
  assert.deepEqual([suspect.name, suspect.holder, suspect.routes], ['Page', 'pages', ['GET /render/:page']]);
  assert.deepEqual([suspect.createdAt[0].file, suspect.createdAt[0].line], ['worker-keeps.js', lineOf('worker-keeps.js', 'pages.set')]);
  assert.match(suspect.evidence[0], /^in the heap of worker thread '(left|right)', one of 2 that run the same file/);
  assert.ok(report.evidence.some((sentence) => /^heap of worker threads .*'left'.*\(worker-keeps\.js\): \+.* still rising/.test(sentence)), report.evidence.join('\n'));
});

test('their twins that keep twenty each are healthy', async () => {
  const { code, report } = await reportOf('workers.js', '--request', 'GET /render/{{n}}', '--', 'worker-forgets.js');
  assert.deepEqual([code, report.verdict, report.suspects], [0, 'healthy', []]);
});

test('workers that nobody ends are one leak, with the line that starts them', async () => {
  const { stdout } = await leakwatch(['test', 'workers.js', '--json', '-', '--warmup', '8', '--requests', '10', '--rounds', '3', '--request', 'GET /hash/{{n}}', '--', 'worker-forgets.js']);
  const { suspects } = JSON.parse(stdout);
  assert.deepEqual(suspects.map(({ kind, name }) => [kind, name]), [['worker', 'Worker']]);
  const [{ createdAt, routes }] = suspects;
  assert.deepEqual([createdAt[0].line, routes], [lineOf('workers.js', 'eval: true'), ['GET /hash/:text']]);
});

test('what fills below its bound is not accused, and said', async () => {
  const stores = ['page', 'token', 'visit', 'nonce', 'hit', 'label'];
  const { code, report } = await reportOf('bounded.js', ...stores.flatMap((store) => ['--request', `GET /${store}/{{n}}`]));
  assert.deepEqual([code, report.verdict, report.suspects], [2, 'undecided', []]);
  const doubts = report.evidence.join('\n');
  assert.match(doubts, new RegExp(`Page in pages .*bounded\\.js:${lineOf('bounded.js', 'pages.delete')} `));
  assert.match(doubts, new RegExp(`Token in tokens .*bounded\\.js:${lineOf('bounded.js', 'tokens.clear')} `));
  assert.match(doubts, /Visit in ring .* room for 20,00\d/);
  assert.match(doubts, new RegExp(`Nonce in wheel .*bounded\\.js:${lineOf('bounded.js', 'wheel[spoke] = new Set()')} .* by a timer`));
  assert.match(doubts, new RegExp(`Hit in hits .*bounded\\.js:${lineOf('bounded.js', 'recent.hits[user] = hits')} .* a comparison`));
  assert.match(doubts, /Label in labels .* ever more slowly, by \d+ of the first [\d,]+ requests and by \d\d of the last/);
});

test('what keeps a fixed number, or what came since a time, is not accused, however it is written', async () => {
  const stores = ['seen', 'step', 'point', 'line', 'quote', 'op', 'action', 'mail', 'view', 'text'];
  const { code, report } = await reportOf('trimmed.js', ...stores.flatMap((store) => ['--request', `GET /${store}/{{n}}`]));
  assert.deepEqual([code, report.verdict, report.suspects], [2, 'undecided', []]);
  const doubts = report.evidence.join('\n');
  const told = { Seen: 'latest.length =', Step: 'history = [...', Point: 'points = []', Line: 'log.entries[', Quote: 'this.delete', Op: 'head = head.later', Action: 'past: [...before', Mail: 'batch = [];', View: 'trim(views', lines: 'lines = (' };
  for (const [name, line] of Object.entries(told)) {
    assert.match(doubts, new RegExp(`${name}.* trimmed\\.js:${lineOf('trimmed.js', line)} `), name);
  }
});

test('what a bounded list of the latest shares with a map that grows accuses the map, a state made anew its part that grows, and what nobody calls or what is put back excuses nothing', async () => {
  const { code, report } = await reportOf('latest.js', ...['profile', 'act', 'quote', 'mail'].flatMap((route) => ['--request', `GET /${route}/{{n}}`]));
  assert.equal(code, 1, JSON.stringify(report.evidence));
  const told = report.suspects.map(({ name, routes, retainerPath }) => [name, routes, retainerPath.at(-2).name]);
  assert.deepEqual(told.sort(), [
    ['Action', ['GET /act/:id'], 'past'],
    ['Mail', ['GET /mail/:id'], 'outbox'],
    ['Object', ['GET /quote/:id'], 'bySymbol'],
    ['Profile', ['GET /profile/:id'], 'values'],
  ]);
  const adds = { Action: 'past: [...before', Mail: 'outbox.push(new Mail', Object: 'this.bySymbol.set', Profile: 'this.values.set' };
  for (const { name, createdAt } of report.suspects) {
    assert.ok(createdAt.some(({ line }) => line === lineOf('latest.js', adds[name])), name);
  }
});

test('what grows below a key that the source never names grows at the line that adds to it', async () => {
  const { code, report } = await reportOf('durations.js', '--request', 'GET /price/{{n}}', '--request', 'GET /stock/{{n}}');
  assert.equal(code, 1, JSON.stringify(report.evidence));
  const [{ createdAt, retainerPath }] = report.suspects;
  assert.deepEqual([createdAt[0].file, createdAt[0].line], ['durations.js', lineOf('durations.js', 'list.push')]);
  assert.deepEqual(retainerPath.slice(0, 2).map((step) => step.name), ['durations.js', 'durations']);
});

/** The entry of an application with one dependency, both written for a test. */
function appWith(t, library, source, app) {
  const folder = fs.mkdtempSync(path.join(FIXTURES, 'written-'));
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  const root = path.join(folder, 'node_modules', library);
  fs.mkdirSync(root, { recursive: true });
  fs.writeFileSync(path.join(root, 'package.json'), JSON.stringify({ name: library, version: '1.0.0' }));
  fs.writeFileSync(path.join(root, 'index.js'), source);
  const entry = path.join(folder, 'app.js');
  fs.writeFileSync(entry, `const app = require('express')();\n${app}\napp.listen(process.env.PORT, '127.0.0.1');\n`);
  return entry;
}

const HITS = `module.exports = class Hits {
  constructor(milliseconds) {
    this.seen = new Map();
    if (milliseconds) setInterval(() => this.reset(), milliseconds).unref();
  }
  count(key) { this.seen.set(key, { key, at: new Date() }); }
  reset() { this.seen = new Map(); }
};`;
const counting = (milliseconds) => `const Hits = require('hits');
const hits = new Hits(${milliseconds});
app.get('/page/:id', (req, res) => { hits.count(req.params.id); res.end(); });`;

test("what a library's own timer takes out later is not accused, and without that timer it is", async (t) => {
  const swept = await reportOf(appWith(t, 'hits', HITS, counting(600_000)), '--request', 'GET /page/{{n}}');
  assert.deepEqual([swept.report.verdict, swept.report.suspects], ['undecided', []]);
  assert.match(swept.report.evidence.join('\n'), /hits \(Hits\) .*hits\/index\.js:7 takes things out by a timer/);
  const kept = await reportOf(appWith(t, 'hits', HITS, counting(0)), '--request', 'GET /page/{{n}}');
  assert.deepEqual(kept.report.suspects.map(({ name, holder, createdAt }) => [name, holder, createdAt[0].line]), [['Hits', 'hits', 4]], kept.report.summary);
});

const BOUNDED = `const MAX = Symbol('max');
const LENGTH = Symbol('length');
const trim = (self) => { while (self[LENGTH] > self[MAX]) self.drop(); };
module.exports = class Bounded {
  constructor(options) { this[MAX] = options.max || Infinity; this[LENGTH] = 0; this.kept = new Map(); }
  add(key) { this.kept.set(key, { key, parts: [key] }); this[LENGTH] += 1; trim(this); }
  drop() { this.kept.delete(this.kept.keys().next().value); this[LENGTH] -= 1; }
};`;
const storing = (options) => `const store = new (require('bounded'))(${options});\napp.get('/doc/:id', (req, res) => { store.add(req.params.id); res.end(); });`;

test("a library's store that the application gave a maximum is not accused, and one without is", async (t) => {
  const given = await reportOf(appWith(t, 'bounded', BOUNDED, storing('{ max: 50_000, name: 1 }')), '--request', 'GET /doc/{{n}}');
  assert.deepEqual([given.report.verdict, given.report.suspects], ['undecided', []]);
  assert.match(given.report.evidence.join('\n'), /app\.js:2 sets a maximum for it/);
  const endless = await reportOf(appWith(t, 'bounded', BOUNDED, storing('{ most: 50_000 }')), '--request', 'GET /doc/{{n}}');
  assert.deepEqual(endless.report.suspects.map(({ holder, createdAt }) => [holder, createdAt[0].line]), [['store', 3]]);
});

const EXPIRING = `const expiring = (module.exports = { kept: {}, add(key, ms) {
  this.kept[key] = { key, parts: [key] };
  setTimeout(() => { if (this.kept[key]) this.remove(key); }, ms).unref();
} });
expiring.remove = function (key) { delete this.kept[key]; };`;

test('entries that a timeout of a library each takes out are not accused', async (t) => {
  const app = "const expiring = require('expiring');\napp.get('/doc/:id', (req, res) => { expiring.add(req.params.id, 300_000); res.end(); });";
  const { report } = await reportOf(appWith(t, 'expiring', EXPIRING, app), '--request', 'GET /doc/{{n}}');
  assert.deepEqual([report.verdict, report.suspects], ['undecided', []]);
  assert.match(report.evidence.join('\n'), /expiring\/index\.js:5 takes things out by a timer/);
});

test('what a library keeps in a plain object is told by what the application calls the library', async (t) => {
  const source = `module.exports = { _kept: {}, render(text) { return (this._kept[text] ??= { text, parts: text.split('') }).parts.length; } };`;
  const entry = appWith(t, 'templates', source, `const templates = require('templates');
app.get('/mail/:id', (req, res) => res.json({ parts: templates.render('mail to ' + req.params.id) }));`);
  const { report } = await reportOf(entry, '--request', 'GET /mail/{{n}}');
  assert.equal(report.suspects.length, 1, JSON.stringify(report.suspects));
  const [suspect] = report.suspects;
  assert.deepEqual([suspect.holder, suspect.package?.name, suspect.createdAt[0].line], ['templates', 'templates', 3]);
  assert.match(suspect.advice, /^Bound templates: let templates drop entries/);
});

test('entries of entries, a dictionary, what Node keeps, and what a timer adds: each with its line', async () => {
  const { report } = await reportOf('keepers.js', ...['rooms', 'timed', 'find'].flatMap((at) => ['--request', `GET /${at}/{{n}}`]));
  const told = (suspect) => [suspect.name, [suspect.holder, suspect.createdAt.map(({ line }) => line), suspect.routes]];
  const found = Object.fromEntries(report.suspects.map(told));
  assert.deepEqual(found, {
    Member: ['rooms', [lineOf('keepers.js', 'room.set(')], ['GET /rooms/:id']],
    RegExp: ['patterns', [lineOf('keepers.js', 'new RegExp')], ['GET /find/:text']],
    PerformanceMeasure: [null, [lineOf('keepers.js', 'performance.measure(')], ['GET /timed/:id']],
    Reading: ['readings', [lineOf('keepers.js', 'readings.push(')], []],
  });
  assert.match(report.suspects.find(({ name }) => name === 'PerformanceMeasure').advice, /^Node\.js itself keeps each PerformanceMeasure/);
});

test('a queue that is emptied by a timer, and still grows, leaks', async () => {
  const { code, report } = await reportOf('bounded.js', '--request', 'GET /job/{{n}}');
  assert.equal(code, 1);
  const [suspect] = report.suspects;
  assert.deepEqual([suspect.name, suspect.routes, suspect.createdAt[0].line], ['Job', ['GET /job/:id'], lineOf('bounded.js', 'queue.push')]);
});

test('buffers that are kept, beside others that are let go', async () => {
  const { code, report } = await reportOf('uploads.js', '--request', 'POST /archive/{{n}}', '--request', 'POST /recent/{{n}}');
  assert.deepEqual([code, report.suspects.length], [1, 1]);
  const [suspect] = report.suspects;
  assert.deepEqual([suspect.kind, suspect.routes], ['buffer', ['POST /archive/:id']]);
  assert.ok(suspect.retainerPath.some(({ name }) => name === 'archive'), JSON.stringify(suspect.retainerPath));
  assert.equal(suspect.createdAt[0].line, lineOf('uploads.js', 'archive.push'));
  assert.ok(suspect.growth.bytesPerRequest > 4096, 'with the bytes beside the heap');
});

test('the text names the leak and the exit code says it, too', async () => {
  const { code, stdout, left } = await leakwatch(['test', 'leaky.js', ...AMOUNT, ...LOGIN]);
  assert.match(stdout, /Session/);
  assert.match(stdout, /POST \/login/);
  assert.match(stdout, /leaky\.js:6/);
  assert.ok(!stdout.includes('\u001b'), 'no colours for a pipe');
  assert.deepEqual([code, left], [1, []]);
});

test('--json FILE and --keep-snapshots keep the evidence, redacted and readable by its owner only', async (t) => {
  const kept = fs.mkdtempSync(path.join(FIXTURES, 'kept-'));
  t.after(() => fs.rmSync(kept, { recursive: true, force: true }));
  const folder = path.join(kept, 'new');
  const json = path.join(kept, 'report.json');
  const { code } = await leakwatch(['test', 'leaky.js', '--json', json, '--keep-snapshots', folder, ...AMOUNT, ...LOGIN]);
  assert.equal(code, 1);
  assert.equal(JSON.parse(fs.readFileSync(json, 'utf8')).verdict, 'leaking');
  assert.deepEqual(fs.readdirSync(folder).sort(), ['1.heapsnapshot', '2.heapsnapshot', '3.heapsnapshot', 'allocations.heapprofile', 'testrun.json']);
  assert.equal(fs.statSync(folder).mode & 0o777, 0o700);
  for (const file of fs.readdirSync(folder)) assert.equal(fs.statSync(path.join(folder, file)).mode & 0o777, 0o600, file);
  const snapshot = fs.readFileSync(path.join(folder, '3.heapsnapshot'), 'latin1');
  assert.match(snapshot, /"Session"/);
  assert.doesNotMatch(snapshot, /"user\d+"/, 'what requests brought is blanked');
  const run = JSON.parse(fs.readFileSync(path.join(folder, 'testrun.json'), 'utf8'));
  assert.deepEqual(run.points.map((point) => point.requests), [300, 600, 900, 1200, 1500]);
  assert.deepEqual(run.snapshots.map((snapshot) => snapshot.requests), [1500, 1800, 2100]);
});
