'use strict';
// Times two questions as whole processes on the same files, in alternating rounds:
//   load      one file → dominators, retained sizes and classes: leakwatch, Chrome DevTools' own code, memlab
//   compare   two files of one process → what changed by class, with retained sizes: leakwatch (`classes`: that alone;
//             `leakwatch`: all of compareSnapshots, with what grew and who holds it), DevTools
// and prints seconds, MB/s, peak memory and how many times slower than the first each was, round by round.
//
//   node benchmark/heap [--sizes 25,150] [--shapes list,star,strings] [--rounds 3] [--minutes 20]
//                       [--only classes,leakwatch,devtools,memlab] [--questions load,compare] [--folder DIR]

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { prepare } = require('../../__test__/devtools/index.js');
const { measure, warm } = require('./measure.js');

const root = path.join(__dirname, '..', '..');
const ours = path.join(root, 'target', 'release', 'examples', `heap_summary${process.platform === 'win32' ? '.exe' : ''}`);
const node = [process.execPath, '--max-old-space-size=20000'];
/** @type {Record<string, string[]>} */
const PROGRAMS = {
  classes: [ours, '--classes'],
  leakwatch: [ours],
  devtools: [...node, path.join(__dirname, 'devtools.mjs')],
  memlab: [...node, path.join(__dirname, 'memlab.js')],
};
/** Who can answer what; memlab has no comparison of two snapshots by class. */
const RIVALS = { load: ['leakwatch', 'devtools', 'memlab'], compare: ['classes', 'leakwatch', 'devtools'] };

/** @typedef {{ rounds: number, minutes: number, only: string[], questions: string[] }} Options */

async function main() {
  const { values } = parseArgs({ options: {
    sizes: { type: 'string', default: '25,150' },
    shapes: { type: 'string', default: 'list,star,strings' },
    rounds: { type: 'string', default: '3' },
    minutes: { type: 'string', default: '20' },
    only: { type: 'string', default: Object.keys(PROGRAMS).join(',') },
    questions: { type: 'string', default: Object.keys(RIVALS).join(',') },
    folder: { type: 'string', default: os.tmpdir() },
  } });
  const list = (/** @type {string} */ text) => text.split(',').filter(Boolean);
  const options = { rounds: Number(values.rounds), minutes: Number(values.minutes), only: list(values.only), questions: list(values.questions) };
  build(options.only);
  console.log(`${os.cpus()[0].model}, ${os.availableParallelism()} cores, ${process.platform} ${process.arch}; Node ${process.version}; ${options.rounds} rounds`);
  const folder = fs.mkdtempSync(path.join(values.folder, 'leakwatch-benchmark-'));
  try {
    for (const size of list(values.sizes)) {
      const files = ['before', 'after'].map((name) => path.join(folder, `${size}-${name}.heapsnapshot`));
      execFileSync(node[0], [node[1], path.join(__dirname, 'generate.js'), ...files, size]);
      await ask('load', `${size} MB`, files.slice(0, 1), options);
      await ask('compare', `${size} MB`, files, options);
      files.forEach((file) => fs.rmSync(file));
    }
    for (const shape of list(values.shapes)) {
      const file = path.join(folder, `${shape}.heapsnapshot`);
      execFileSync(node[0], [path.join(__dirname, 'shapes.js'), file, shape]);
      await ask('load', shape, [file], options);
      fs.rmSync(file);
    }
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Builds or installs who takes part, unless that was done before.
 * @param {string[]} rivals
 */
function build(rivals) {
  execFileSync('cargo', ['build', '--release', '--locked', '--no-default-features', '--example', 'heap_summary'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  if (rivals.includes('devtools')) prepare();
  if (rivals.includes('memlab') && !fs.existsSync(path.join(__dirname, 'node_modules'))) {
    execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock'], { cwd: __dirname, stdio: 'ignore' });
  }
}

/**
 * @param {'load' | 'compare'} question
 * @param {string} name of the files
 * @param {string[]} files
 * @param {Options} options
 */
async function ask(question, name, files, { rounds, minutes, only, questions }) {
  const rivals = RIVALS[question].filter((rival) => only.includes(rival));
  if (!questions.includes(question) || rivals.length === 0) return;
  files.forEach(warm);
  /** @type {Record<string, { seconds: number[], peak: number, failure?: string }>} */
  const results = Object.fromEntries(rivals.map((rival) => [rival, { seconds: [], peak: 0 }]));
  for (let round = 0; round < rounds; round++) {
    for (const rival of rivals) {
      const result = results[rival];
      if (result.failure !== undefined) continue;
      const measured = await measure([...PROGRAMS[rival], ...files], minutes);
      if (measured.failure !== undefined) result.failure = measured.failure;
      else {
        result.seconds.push(measured.seconds);
        result.peak = Math.max(result.peak, measured.peak);
      }
    }
  }
  const bytes = files.reduce((sum, file) => sum + fs.statSync(file).size, 0);
  console.log(`\n${question} ${name}: ${files.map((file) => `${(fs.statSync(file).size / 1e6).toFixed(0)} MB`).join(' and ')}`);
  console.log(`            seconds   MB/s   peak MB   bytes per byte   times ${rivals[0]} (from-to)`);
  for (const rival of rivals) console.log(row(rival, results[rival], results[rivals[0]].seconds, bytes));
}

/**
 * @param {string} rival
 * @param {{ seconds: number[], peak: number, failure?: string }} result
 * @param {number[]} base seconds of the first
 * @param {number} bytes
 */
function row(rival, { seconds, peak, failure }, base, bytes) {
  if (failure !== undefined) return `${rival.padEnd(11)} ${failure}`;
  const ratios = seconds.map((value, round) => value / base[round]).sort((a, b) => a - b);
  const spread = `${median(ratios).toFixed(1)} (${ratios[0].toFixed(1)}-${ratios[ratios.length - 1].toFixed(1)})`;
  return [
    rival.padEnd(11), median(seconds).toFixed(2).padStart(7), (bytes / 1e6 / median(seconds)).toFixed(0).padStart(6),
    (peak / 1e6).toFixed(0).padStart(9), (peak / bytes).toFixed(2).padStart(16), ' ', spread,
  ].join(' ');
}

/** @param {number[]} values */
function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

main();
