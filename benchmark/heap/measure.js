'use strict';
// Runs a program and tells how long it took and how much memory it had at most.

const { spawn } = require('node:child_process');
const fs = require('node:fs');

/** @typedef {{ seconds: number, peak: number, failure?: undefined } | { failure: string }} Result */

/**
 * Seconds from start to end, and the greatest anonymous part of the resident set in bytes (a mapped file does not
 * count; Linux only, 0 elsewhere); or why there are none.
 * @param {string[]} command
 * @param {number} minutes the program is ended after so many
 * @returns {Promise<Result>}
 */
function measure([program, ...args], minutes) {
  return new Promise((resolve, reject) => {
    const start = process.hrtime.bigint();
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'ignore'] });
    let [peak, late] = [0, false];
    const watch = setInterval(() => { peak = Math.max(peak, anonymousBytes(child.pid)); }, 5);
    const limit = setTimeout(() => { late = true; child.kill('SIGKILL'); }, minutes * 60_000);
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      clearInterval(watch);
      clearTimeout(limit);
      const seconds = Number(process.hrtime.bigint() - start) / 1e9;
      if (late) resolve({ failure: `took more than ${minutes} minutes` });
      else if (code !== 0) resolve({ failure: `failed after ${seconds.toFixed(0)} s with ${(peak / 1e6).toFixed(0)} MB (${signal ?? `exit code ${code}`})` });
      else resolve({ seconds, peak });
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

/**
 * Reads a file once, so that everyone finds it in memory.
 * @param {string} file
 */
function warm(file) {
  const descriptor = fs.openSync(file, 'r');
  const buffer = Buffer.alloc(1 << 24);
  while (fs.readSync(descriptor, buffer) > 0);
  fs.closeSync(descriptor);
}

module.exports = { measure, warm };
