'use strict';
const fs = require('node:fs');
const path = require('node:path');

const root = path.join(__dirname, '..');
const NATIVE = path.join(root, 'native');

/** @returns {string} what a binary is built for: `linux-x64-gnu`, `linux-arm64-musl`, `darwin-arm64` … */
function platformName() {
  const libc = process.platform === 'linux' ? (isMusl() ? '-musl' : '-gnu') : '';
  return `${process.platform}-${process.arch}${libc}`;
}

/**
 * The file that holds the native part for the platform this process runs on.
 * @returns {string} absolute path; the file may not exist
 */
function binaryPath() {
  return path.join(NATIVE, `leakwatch.${platformName()}.node`);
}

/** @returns {string[]} the platforms whose binaries are inside this package */
function builtPlatforms() {
  try {
    return fs.readdirSync(NATIVE).flatMap((file) => /^leakwatch\.(.+)\.node$/.exec(file)?.[1] ?? []);
  } catch {
    return [];
  }
}

/**
 * Whether this Node is linked against musl, read from the program interpreter its own ELF file names.
 * (`process.report.getReport()` knows too, but takes long and may look up the names of open sockets.)
 */
function isMusl() {
  return elfInterpreter('/proc/self/exe').includes('/ld-musl-') || elfInterpreter(process.execPath).includes('/ld-musl-');
}

/**
 * The dynamic loader a 64-bit little-endian ELF file asks for.
 * @param {string} file
 * @returns {string} for example `/lib64/ld-linux-x86-64.so.2`; empty when there is none or the file cannot be read
 */
function elfInterpreter(file) {
  const PT_INTERP = 3;
  try {
    const head = readHead(file);
    if (head.readUInt32BE(0) !== 0x7f454c46 || head[4] !== 2) return '';
    const table = Number(head.readBigUInt64LE(32));
    const entrySize = head.readUInt16LE(54);
    for (let index = 0; index < head.readUInt16LE(56); index++) {
      const entry = table + index * entrySize;
      if (head.readUInt32LE(entry) !== PT_INTERP) continue;
      const start = Number(head.readBigUInt64LE(entry + 8));
      return head.toString('latin1', start, head.indexOf(0, start));
    }
  } catch {
    // No /proc, no permission to read, or not an ELF file: the interpreter is unknown.
  }
  return '';
}

/** @param {string} file */
function readHead(file) {
  const descriptor = fs.openSync(file, 'r');
  try {
    const head = Buffer.alloc(4096);
    return head.subarray(0, fs.readSync(descriptor, head, 0, head.length, 0));
  } finally {
    fs.closeSync(descriptor);
  }
}

module.exports = { binaryPath, platformName, builtPlatforms, elfInterpreter };
