'use strict';
// Runs on `npm install`: builds the native part unless a ready binary that loads is inside.
const fs = require('node:fs');
const { binaryPath } = require('../lib/platform.js');
const { build } = require('./build.js');

if (!loads()) {
  try {
    build();
  } catch (error) {
    console.error(/** @type {Error} */ (error).message);
    process.exitCode = 1;
  }
}

function loads() {
  if (!fs.existsSync(binaryPath())) return false;
  try {
    require(binaryPath());
    return true;
  } catch {
    return false;
  }
}
