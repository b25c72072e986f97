'use strict';
// npm run demo: lets leakwatch test the shop, prints what it says, and checks that it named the
// three leaks with file and line and none of the healthy parts. Exits 0 exactly then.
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const shop = path.join(__dirname, 'shop');

const REQUESTS = [
  'POST /login {"user":"user{{n}}"}',
  'GET /products/{{n}}',
  'GET /products/{{n}}/stock',
  'POST /carts {"product":{{n}}}',
  'POST /orders {"customer":"user{{n}}","product":"product {{n}}"}',
];

/** A leak counts as named when a suspect points at one of these lines of the file. */
const LEAKS = [
  { what: 'the session map that only grows', file: 'lib/sessions.js', code: ['const sessions = new Map()', 'sessions.set('] },
  { what: 'a listener per stock request', file: 'routes/products.js', code: ["inventory.on('restocked'"] },
  { what: 'an interval per cart, never cleared', file: 'lib/cart.js', code: ['setInterval('] },
];
const HEALTHY = [
  { what: 'the LRU cache', file: 'lib/lru-cache.js' },
  { what: 'the catalog', file: 'lib/catalog.js' },
  { what: 'the outbox of mails', file: 'lib/outbox.js' },
];

function main() {
  const suspects = testShop().suspects.map(placesOf);
  const named = LEAKS.map((leak) => check(`named   ${leak.what}`, placesOfLeak(leak), (places) => suspects.some((found) => found.some((at) => places.includes(at)))));
  const spared = HEALTHY.map((part) => check(`spared  ${part.what}`, [part.file], ([file]) => !suspects.some((found) => found.some((at) => at.startsWith(`${file}:`)))));
  const right = [...named, ...spared].every(Boolean) && check('nothing else', [], () => suspects.length === LEAKS.length);
  process.exitCode = right ? 0 : 1;
}

/** @returns {any} leakwatch's report */
function testShop() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'leakwatch-demo-'));
  const json = path.join(folder, 'report.json');
  try {
    const requests = REQUESTS.flatMap((request) => ['--request', request]);
    const leakwatch = path.join(__dirname, '..', 'bin', 'leakwatch.js');
    const { status } = spawnSync(process.execPath, [leakwatch, 'test', 'server.js', ...requests, '--json', json], { cwd: shop, stdio: 'inherit' });
    if (!fs.existsSync(json)) throw new Error(`The demo could not run: leakwatch ended with exit code ${status}.`);
    return JSON.parse(fs.readFileSync(json, 'utf8'));
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** @returns {string[]} 'lib/cart.js:12': everywhere a suspect points */
function placesOf({ heldAt, createdAt }) {
  return [heldAt, ...createdAt].filter(Boolean).map(({ file, line }) => `${path.relative(shop, path.resolve(shop, file))}:${line}`);
}

function placesOfLeak({ file, code }) {
  const lines = fs.readFileSync(path.join(shop, file), 'utf8').split('\n');
  return code.map((text) => `${file}:${lines.findIndex((line) => line.includes(text)) + 1}`);
}

function check(claim, places, isTrue) {
  const right = isTrue(places);
  console.log(`${right ? '✓' : '✗'} ${claim}${places.length > 0 ? ` (${places.join(' or ')})` : ''}`);
  return right;
}

main();
