'use strict';
// npm run corpus -- DIR [--case NAME]… [--node PATH] [--jobs N] [--keep DIR]
// Runs `leakwatch test` over a folder of measured apps and compares the reports with the truth in
// each case.json. Exit code 1 when an app that does not leak is called leaking.
const { spawn, spawnSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { score } = require('./corpus-score.js');

const root = path.join(__dirname, '..');
const WARMUP_SHARE = 0.3;
const ROUNDS = 6;
// The rounds, and those between three snapshots.
const SHARES = ROUNDS + 2;
const TIMEOUT_SECONDS = 120;

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { case: { type: 'string', multiple: true }, node: { type: 'string', default: process.execPath }, jobs: { type: 'string', default: '1' }, keep: { type: 'string' } },
  });
  if (positionals.length !== 1) throw new Error('Expected one folder of cases: npm run corpus -- DIR');
  const corpus = install(path.resolve(positionals[0]));
  const names = casesOf(corpus).filter((name) => !values.case || values.case.includes(name));
  const results = [];
  const waiting = [...names];
  const work = async () => {
    for (let name = waiting.shift(); name; name = waiting.shift()) {
      const result = await runCase(corpus, name, values);
      console.log(rowOf(result));
      results.push(result);
    }
  };
  console.log(HEADER);
  await Promise.all(Array.from({ length: Number(values.jobs) }, work));
  console.log(summaryOf(results));
  if (results.some((result) => result.falseAlarm)) process.exitCode = 1;
}

/** @returns {string} a folder with the cases and their packages; the given one is never written to */
function install(folder) {
  if (fs.existsSync(path.join(folder, 'node_modules'))) return folder;
  const packages = fs.readFileSync(path.join(folder, 'package.json'));
  // Not below a node_modules folder: the cases would look like dependencies.
  const copy = path.join(os.tmpdir(), `leakwatch-corpus-${createHash('sha256').update(packages).digest('hex').slice(0, 12)}`);
  fs.mkdirSync(copy, { recursive: true });
  spawnSync('cp', ['-r', '--no-preserve=mode', `${folder}/.`, copy], { stdio: 'inherit' });
  if (!fs.existsSync(path.join(copy, 'node_modules'))) {
    console.error(`Installing the cases' packages in ${copy}`);
    const npm = spawnSync('npm', ['install', '--no-package-lock', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: copy, stdio: ['ignore', 'ignore', 'inherit'] });
    if (npm.status !== 0) throw new Error('npm install failed');
  }
  return copy;
}

function casesOf(corpus) {
  return fs.readdirSync(corpus).filter((name) => fs.existsSync(path.join(corpus, name, 'case.json'))).sort();
}

/** @param {string} corpus @param {string} name @param {{ node: string, keep?: string }} options */
async function runCase(corpus, name, { node, keep }) {
  const folder = path.join(corpus, name);
  const truth = JSON.parse(fs.readFileSync(path.join(folder, 'case.json'), 'utf8'));
  const temporary = fs.mkdtempSync(path.join(os.tmpdir(), 'leakwatch-corpus-'));
  const startedAt = performance.now();
  try {
    const json = path.join(temporary, 'report.json');
    const traffic = path.join(temporary, 'traffic.js');
    fs.writeFileSync(traffic, trafficModule(corpus, truth.load));
    const total = Math.round(truth.load.rate * truth.load.duration);
    const warmup = Math.round(total * WARMUP_SHARE);
    const perRound = Math.floor((total - warmup) / SHARES);
    const { code, output } = await leakwatch(folder, [
      ...['test', 'app.js', '--node', node, '--traffic', traffic, '--json', json, '--timeout', String(TIMEOUT_SECONDS)],
      ...['--warmup', String(warmup), '--rounds', String(ROUNDS), '--requests', String(perRound)],
      ...(keep ? ['--keep-snapshots', path.join(keep, name)] : []),
    ]);
    const report = code === 3 ? null : JSON.parse(fs.readFileSync(json, 'utf8'));
    if (keep && report) fs.copyFileSync(json, path.join(keep, name, 'report.json'));
    return { name, ...score({ corpus, folder, truth, report }), seconds: (performance.now() - startedAt) / 1000, error: report ? null : output };
  } finally {
    fs.rmSync(temporary, { recursive: true, force: true });
  }
}

function trafficModule(corpus, load) {
  return `'use strict';
const { runLoad, openSteady } = require(${JSON.stringify(path.join(corpus, 'load.js'))});
const load = ${JSON.stringify(load)};
let closeSteady;
exports.traffic = async ({ port, start, count, signal }) => {
  if (!closeSteady) {
    closeSteady = await openSteady(load, port);
    signal.addEventListener('abort', closeSteady);
  }
  const state = {};
  await runLoad(load, port, start, count, state);
  state.agent?.destroy();
  await new Promise((resolve) => setTimeout(resolve, load.settleMs ?? 150));
};
`;
}

/** @returns {Promise<{ code: number | null, output: string }>} */
function leakwatch(cwd, args) {
  return new Promise((resolve) => {
    const { PORT, ...inherited } = process.env;
    const env = { ...inherited, NODE_NO_WARNINGS: '1' };
    const child = spawn(process.execPath, [path.join(root, 'bin', 'leakwatch.js'), ...args], { cwd, env, stdio: ['ignore', 'ignore', 'pipe'] });
    let output = '';
    child.stderr.on('data', (chunk) => (output += chunk));
    child.on('close', (code) => resolve({ code, output }));
  });
}

const HEADER = `${'case'.padEnd(30)}${'verdict'.padEnd(18)}name  line  route retainer seconds`;

/** A right finding shows the place it was found at: 1, the first suspect; 3, among the first three. */
function rowOf({ name, leaks, verdict, right, found, seconds, error }) {
  const marks = leaks ? ['name', 'line', 'route', 'retainer'].map((key) => ({ first: '1', top: '3' })[found[key]] ?? '-') : ['', '', '', ''];
  const row = `${name.padEnd(30)}${(right ? '  ' : '✗ ') + verdict.padEnd(16)}${marks.map((mark) => mark.padEnd(6)).join('')}   ${seconds.toFixed(1).padStart(7)}`;
  return error ? `${row}\n${error.trim().split('\n').slice(-4).join('\n').replace(/^/gm, '    ')}` : row;
}

function summaryOf(results) {
  const leaks = results.filter((result) => result.leaks);
  const controls = results.filter((result) => !result.leaks);
  const count = (list, test) => `${list.filter(test).length} of ${list.length}`;
  const hits = (key) => `${key} ${count(leaks, ({ found }) => found[key] === 'first')} (first three: ${count(leaks, ({ found }) => found[key] !== null)})`;
  return [
    '',
    `leaks called leaking     ${count(leaks, (result) => result.right)}`,
    `controls called leaking  ${count(controls, (result) => result.falseAlarm)}`,
    `name or line right       ${count(leaks, ({ right, found }) => right && (found.name !== null || found.line !== null))}`,
    ['name', 'specific', 'line', 'route', 'retainer'].map(hits).join('\n'),
    `seconds, all together    ${results.reduce((sum, result) => sum + result.seconds, 0).toFixed(0)}`,
  ].join('\n');
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 3;
});
