'use strict';
// Chrome DevTools' heap snapshot code as a function: file in, totals and classes out.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const bundle = path.join(__dirname, 'node_modules/.cache/bundle.mjs');

/** Installs and bundles DevTools' code unless that was done before. */
function prepare() {
  if (fs.existsSync(bundle)) return;
  const options = { cwd: __dirname, stdio: /** @type {const} */ ('ignore'), shell: process.platform === 'win32' };
  execFileSync('npm', ['ci', '--no-audit', '--no-fund'], options);
  execFileSync('npm', ['run', 'build'], options);
}

/**
 * What DevTools computes of a snapshot: see oracle.mjs.
 * @param {string} file
 */
function oracle(file) {
  const output = execFileSync(process.execPath, [path.join(__dirname, 'oracle.mjs'), file], { maxBuffer: 1 << 28, encoding: 'utf8' });
  return JSON.parse(output);
}

module.exports = { bundle, oracle, prepare };
