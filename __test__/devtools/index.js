'use strict';
// Chrome DevTools' heap snapshot code as a function: file in, totals and classes out.

const { execFileSync } = require('node:child_process');
const path = require('node:path');
const { installLocked } = require('../helpers/packages.js');

const bundle = path.join(__dirname, 'node_modules/.cache/bundle.mjs');

/** Installs and bundles DevTools' code unless that was done before. */
function prepare() {
  installLocked(__dirname, { script: 'build' });
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
