'use strict';
// Other instrumentations, in a package of their own, and the orders in which they and leakwatch come and go.
const { execFile, execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

/** Installs the other instrumentations unless that was done before. Their optional native parts are not needed. */
function prepare() {
  if (fs.existsSync(path.join(__dirname, 'node_modules', '.package-lock.json'))) return;
  const options = { cwd: __dirname, stdio: /** @type {const} */ ('ignore'), shell: process.platform === 'win32' };
  execFileSync('npm', ['ci', '--ignore-scripts', '--omit=optional', '--no-audit', '--no-fund'], options);
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
