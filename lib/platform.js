'use strict';
const path = require('node:path');

/**
 * The file that holds the native part for the platform this process runs on.
 * @returns {string} absolute path; the file may not exist
 */
function binaryPath() {
  const libc = process.platform === 'linux' ? (isMusl() ? '-musl' : '-gnu') : '';
  return path.join(__dirname, '..', 'native', `leakwatch.${process.platform}-${process.arch}${libc}.node`);
}

function isMusl() {
  const report = /** @type {any} */ (process.report?.getReport?.());
  return Boolean(report) && !report.header?.glibcVersionRuntime;
}

module.exports = { binaryPath };
