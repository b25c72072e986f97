'use strict';
// Builds the native part with cargo, puts it where lib/native.js looks for it, and writes its types
// beside it. `--debug` builds without optimisation, for quick turns while developing.
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { binaryPath, platformName } = require('../lib/platform.js');
const { declarations } = require('./native-types.js');

const root = path.join(__dirname, '..');
const LIBRARIES = { linux: 'libleakwatch.so', darwin: 'libleakwatch.dylib', win32: 'leakwatch.dll' };

/**
 * @param {{ debug?: boolean }} [options]
 * @returns {void}
 * @throws {Error} when the platform is unknown, cargo is missing or the build fails
 */
function build({ debug = false } = {}) {
  const library = LIBRARIES[/** @type {keyof typeof LIBRARIES} */ (process.platform)];
  if (!library) throw new Error(`leakwatch: ${process.platform} is not supported; Linux, macOS and Windows are.`);
  const target = path.resolve(root, process.env.CARGO_TARGET_DIR || 'target');
  const output = path.join(target, debug ? 'debug' : 'release');
  const types = path.join(output, 'napi-types');
  cargo(debug ? [] : ['--release'], types);
  replace(binaryPath(), fs.readFileSync(path.join(output, library)));
  replace(path.join(path.dirname(binaryPath()), 'binding.d.ts'), declarations(path.join(types, 'leakwatch')));
}

/**
 * @param {string[]} profile
 * @param {string} types folder that napi-derive writes each exported item's type into
 */
function cargo(profile, types) {
  fs.mkdirSync(types, { recursive: true });
  const ran = spawnSync('cargo', ['build', ...profile, '--lib', '--locked'], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...dynamicMusl(), NAPI_TYPE_DEF_TMP_FOLDER: types },
  });
  if (ran.error) throw new Error(`leakwatch: cannot run cargo (${ran.error.message}). Its native part is built with Rust 1.88 or later: install it from https://rustup.rs and try again.`);
  if (ran.status !== 0) throw new Error(`leakwatch: cargo build failed (${ran.signal ?? `exit code ${ran.status}`}); its output is above.`);
}

/** Rust links musl statically unless told otherwise, and then makes no shared libraries. */
function dynamicMusl() {
  if (!platformName().endsWith('-musl')) return {};
  return { RUSTFLAGS: `${process.env.RUSTFLAGS ?? ''} -C target-feature=-crt-static`.trim() };
}

/**
 * Writes a new file and renames it: a running process may have the old one mapped.
 * @param {string} file
 * @param {string | Buffer} content
 */
function replace(file, content) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const fresh = `${file}.${process.pid}`;
  fs.writeFileSync(fresh, content);
  fs.renameSync(fresh, file);
}

module.exports = { build };
if (require.main === module) {
  try {
    build({ debug: process.argv.includes('--debug') });
  } catch (error) {
    console.error(/** @type {Error} */ (error).message);
    process.exitCode = 1;
  }
}
