'use strict';
// Times file → dominators, retained sizes and classes, as whole processes on the same file, in alternating rounds:
// leakwatch, Chrome DevTools' own code and memlab. Memory is the anonymous part of the resident set (a mapped file
// does not count).
//
//   node benchmark/heap [--sizes 25,150] [--rounds 3] [--only leakwatch,devtools] [--file FILE]
//
// Snapshots are written by the running Node; 700 MB takes it 4 GB of memory, 1800 MB takes 12.

const { execFileSync, spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { prepare } = require('../../__test__/devtools/index.js');

const root = path.join(__dirname, '..', '..');
const ours = path.join(root, 'target', 'release', 'examples', `heap_summary${process.platform === 'win32' ? '.exe' : ''}`);
const node = [process.execPath, '--max-old-space-size=16000'];
const commands = {
  leakwatch: (/** @type {string} */ file) => [ours, file],
  devtools: (/** @type {string} */ file) => [...node, path.join(root, '__test__', 'devtools', 'oracle.mjs'), file],
  memlab: (/** @type {string} */ file) => [...node, path.join(__dirname, 'memlab.js'), file],
};

/** @typedef {keyof typeof commands} Rival */

async function main() {
  const { values } = parseArgs({ options: {
    sizes: { type: 'string', default: '25,150' },
    rounds: { type: 'string', default: '3' },
    only: { type: 'string', default: Object.keys(commands).join(',') },
    file: { type: 'string' },
  } });
  const rivals = /** @type {Rival[]} */ (values.only.split(','));
  build(rivals);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'leakwatch-benchmark-'));
  try {
    if (values.file) await compare(values.file, rivals, Number(values.rounds));
    for (const size of values.file ? [] : values.sizes.split(',')) {
      const file = path.join(folder, `${size}.heapsnapshot`);
      execFileSync(node[0], [node[1], path.join(__dirname, 'generate.js'), file, size]);
      await compare(file, rivals, Number(values.rounds));
      fs.rmSync(file);
    }
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {Rival[]} rivals */
function build(rivals) {
  execFileSync('cargo', ['build', '--release', '--no-default-features', '--example', 'heap_summary'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  if (rivals.includes('devtools')) prepare();
  if (rivals.includes('memlab') && !fs.existsSync(path.join(__dirname, 'node_modules'))) {
    execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock'], { cwd: __dirname, stdio: 'ignore' });
  }
}

/**
 * @param {string} file
 * @param {Rival[]} rivals
 * @param {number} rounds
 */
async function compare(file, rivals, rounds) {
  const bytes = fs.statSync(file).size;
  fs.readFileSync(file, { flag: 'r' }).fill(0); // Everyone finds the file in memory.
  /** @type {Record<string, { seconds: number[], peak: number }>} */
  const results = Object.fromEntries(rivals.map((rival) => [rival, { seconds: [], peak: 0 }]));
  for (let round = 0; round < rounds; round++) {
    for (const rival of rivals) {
      const { seconds, peak } = await measure(commands[rival](file));
      results[rival].seconds.push(seconds);
      results[rival].peak = Math.max(results[rival].peak, peak);
    }
  }
  const base = median(results[rivals[0]].seconds);
  console.log(`\n${(bytes / 1e6).toFixed(0)} MB`);
  console.log('            seconds   MB/s   peak MB   bytes per byte   slower than the first');
  for (const rival of rivals) {
    const seconds = median(results[rival].seconds);
    const { peak } = results[rival];
    console.log([
      rival.padEnd(11), seconds.toFixed(2).padStart(8), (bytes / 1e6 / seconds).toFixed(0).padStart(6),
      (peak / 1e6).toFixed(0).padStart(9), (peak / bytes).toFixed(2).padStart(16), `${(seconds / base).toFixed(1)}x`.padStart(23),
    ].join(' '));
  }
}

/**
 * @param {string[]} command
 * @returns {Promise<{ seconds: number, peak: number }>}
 */
function measure([program, ...args]) {
  return new Promise((resolve, reject) => {
    const start = process.hrtime.bigint();
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    let peak = 0;
    const watch = setInterval(() => { peak = Math.max(peak, anonymousBytes(child.pid)); }, 5);
    child.on('error', reject);
    child.on('exit', (code) => {
      clearInterval(watch);
      const seconds = Number(process.hrtime.bigint() - start) / 1e9;
      if (code === 0) resolve({ seconds, peak });
      else reject(new Error(`${program} ${args.join(' ')}: exit code ${code}`));
    });
  });
}

/** @param {number | undefined} pid */
function anonymousBytes(pid) {
  try {
    const kilobytes = /RssAnon:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'));
    return kilobytes ? Number(kilobytes[1]) * 1024 : 0;
  } catch {
    return 0;
  }
}

/** @param {number[]} values */
function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

main();
