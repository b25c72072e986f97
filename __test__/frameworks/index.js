'use strict';
// Servers of other frameworks, in a package of their own.
const { execFile } = require('node:child_process');
const { installLocked } = require('../helpers/packages.js');

/** Installs the frameworks unless that was done before. */
function prepare() {
  installLocked(__dirname, { flags: ['--ignore-scripts', '--omit=optional'] });
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
