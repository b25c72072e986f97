'use strict';
const fs = require('node:fs');
const v8 = require('node:v8');

/**
 * Writes a heap snapshot of this process, inline, so that all of them share object ids.
 * @param {string} path
 */
async function writeSnapshot(path) {
  v8.writeHeapSnapshot(path);
  fs.chmodSync(path, 0o600);
}

module.exports = { writeSnapshot };
