'use strict';
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');

const BIN = path.join(__dirname, '..', '..', 'bin', 'leakwatch.js');
const FIXTURES = path.join(__dirname, '..', 'fixtures', 'cli');

/**
 * Runs the command line with a temporary folder of its own.
 * @param {string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, onStart?: (child: import('node:child_process').ChildProcess) => void }} [options]
 * @returns {Promise<{ code: number | null, signal: string | null, stdout: string, stderr: string, left: string[] }>}
 *   left: what is still in the temporary folder afterwards
 */
async function leakwatch(args, { env = {}, onStart } = {}) {
  const temporary = fs.mkdtempSync(path.join(os.tmpdir(), 'leakwatch-test-'));
  const { PORT, NODE_ENV, FORCE_COLOR, ...inherited } = process.env;
  const child = spawn(process.execPath, [BIN, ...args], { cwd: FIXTURES, env: { ...inherited, TMPDIR: temporary, ...env } });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => (stdout += chunk));
  child.stderr.on('data', (chunk) => (stderr += chunk));
  onStart?.(child);
  const [code, signal] = await new Promise((resolve) => child.once('close', (...how) => resolve(how)));
  const left = fs.readdirSync(temporary);
  fs.rmSync(temporary, { recursive: true, force: true });
  return { code, signal, stdout, stderr, left };
}

/** Little traffic, for tests of everything but the verdict. */
const QUICK = ['--warmup', '5', '--requests', '5', '--rounds', '3'];

/** @param {number} pid @returns {Promise<boolean>} whether the process is gone within two seconds */
async function isGone(pid) {
  for (let i = 0; i < 40; i++) {
    try {
      process.kill(pid, 0);
    } catch {
      return true;
    }
    await sleep(50);
  }
  return false;
}

module.exports = { BIN, FIXTURES, QUICK, isGone, leakwatch };
