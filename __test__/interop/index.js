'use strict';
// Other instrumentations, in a package of their own, and the orders in which they and leakwatch come and go.
const { execFile } = require('node:child_process');
const path = require('node:path');
const { installLocked } = require('../helpers/packages.js');

/** Installs the other instrumentations unless that was done before. Their optional native parts are not needed. */
function prepare() {
  installLocked(__dirname, { flags: ['--ignore-scripts', '--omit=optional'] });
}

/**
 * Runs program.js.
 * @param {string} node path of a Node binary
 * @param {string} name of the instrument
 * @param {string} order such as `+other +leakwatch -other -leakwatch`
 * @returns {Promise<{ broken: string[], seen: Record<string, string[]>, left: string[], ours: string[] }>}
 */
function run(node, name, order) {
  return new Promise((resolve, reject) => {
    execFile(node, ['--no-deprecation', path.join(__dirname, 'program.js'), name, order], { timeout: 60_000 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${name}, ${order}: ${stderr || error.message}`));
      else resolve(JSON.parse(stdout));
    });
  });
}

module.exports = { prepare, run };
