'use strict';
// Servers of other frameworks, in a package of their own.
const { execFile, execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

/** Installs the frameworks unless that was done before. */
function prepare() {
  if (fs.existsSync(path.join(__dirname, 'node_modules', '.package-lock.json'))) return;
  const options = { cwd: __dirname, stdio: /** @type {const} */ ('ignore'), shell: process.platform === 'win32' };
  execFileSync('npm', ['ci', '--ignore-scripts', '--omit=optional', '--no-audit', '--no-fund'], options);
}

/**
 * Runs a server that is watched and drives itself.
 * @param {string} node path of a Node binary
 * @param {string[]} args for Node: flags and the program
 * @returns {Promise<{ routes: Record<string, number>, timers: Record<string, number>, contexts: Record<string, number> }>}
 */
function run(node, args) {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, LEAKWATCH_OPTIONS: '{"track":"all","prove":false}' };
    execFile(node, args, { cwd: __dirname, env, timeout: 60_000 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${args.join(' ')}: ${stderr || error.message}`));
      else resolve(JSON.parse(stdout));
    });
  });
}

module.exports = { prepare, run };
