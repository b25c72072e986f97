'use strict';
// Builds the native part with cargo and puts it where lib/native.js looks for it.
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { binaryPath } = require('../lib/platform.js');

const root = path.join(__dirname, '..');
const library = { linux: 'libleakwatch.so', darwin: 'libleakwatch.dylib', win32: 'leakwatch.dll' }[process.platform];

/** @returns {void} @throws {Error} when cargo is missing or the build fails */
function build() {
  const cargo = spawnSync('cargo', ['build', '--release', '--lib', '--locked'], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (cargo.error) throw new Error(`leakwatch: cannot run cargo (${cargo.error.message}). Install Rust 1.88 or later from https://rustup.rs and try again.`);
  if (cargo.status !== 0) throw new Error(`leakwatch: cargo build failed with exit code ${cargo.status}; its output is above.`);
  const target = binaryPath();
  fs.mkdirSync(path.dirname(target), { recursive: true });
  // A new file, never an overwrite: a running process may have the old one mapped.
  const fresh = `${target}.${process.pid}`;
  fs.copyFileSync(path.join(process.env.CARGO_TARGET_DIR || path.join(root, 'target'), 'release', library), fresh);
  fs.renameSync(fresh, target);
}

module.exports = { build };
if (require.main === module) {
  try {
    build();
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
