'use strict';
const fs = require('node:fs');
const { LeakWatchError } = require('./errors.js');
const { binaryPath, builtPlatforms, platformName } = require('./platform.js');

/**
 * The native part (Rust).
 * @type {typeof import('../native/binding.d.ts')}
 */
module.exports = load();

function load() {
  const file = binaryPath();
  try {
    return require(file);
  } catch (error) {
    throw explain(/** @type {NodeJS.ErrnoException} */ (error), file);
  }
}

/**
 * @param {NodeJS.ErrnoException} error
 * @param {string} file
 */
function explain(error, file) {
  if (error.code === 'ERR_DLOPEN_DISABLED') {
    return new LeakWatchError('ERR_LEAKWATCH_PERMISSION', 'leakwatch cannot load its native part: Node runs with --permission or --no-addons, which forbids native addons. Add --allow-addons (and leave --no-addons out).', { cause: error });
  }
  if (error.code === 'ERR_ACCESS_DENIED') {
    return new LeakWatchError('ERR_LEAKWATCH_PERMISSION', `leakwatch may not read its native part: Node runs with --permission. Add --allow-addons and --allow-fs-read=${file}.`, { cause: error });
  }
  if (fs.existsSync(file)) {
    return new LeakWatchError('ERR_LEAKWATCH_NATIVE_LOAD', `leakwatch cannot load its native part ${file}: ${error.message}. It was probably built for another machine or an older system. Run "npm rebuild leakwatch" (this needs Rust 1.88 or later, https://rustup.rs).`, { cause: error });
  }
  const built = builtPlatforms();
  return new LeakWatchError('ERR_LEAKWATCH_NATIVE_MISSING', `leakwatch has no native part for ${platformName()} (${built.length ? `only for ${built.join(', ')}` : 'none was built'}): ${file} does not exist. Install scripts were probably skipped (--ignore-scripts, or, with a newer npm, never approved: "npm install-scripts approve leakwatch"). Run "npm rebuild leakwatch" (this needs Rust 1.88 or later, https://rustup.rs).`, { cause: error });
}
