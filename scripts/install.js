'use strict';
// Runs on `npm install`: builds the native part when no ready binary for this platform is inside.
const fs = require('node:fs');
const { binaryPath } = require('../lib/platform.js');
const { build } = require('./build.js');

if (!works()) build();

function works() {
  if (!fs.existsSync(binaryPath())) return false;
  try {
    require('../lib/native.js');
    return true;
  } catch {
    return false;
  }
}
