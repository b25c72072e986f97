'use strict';
const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');
const { elfInterpreter, platformName } = require('../lib/platform.js');

/** A minimal 64-bit ELF file with one program header. */
function elf(/** @type {string} */ interpreter) {
  const file = Buffer.alloc(256);
  file.write('\x7fELF\x02\x01\x01', 0, 'latin1');
  file.writeBigUInt64LE(64n, 32);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(1, 56);
  file.writeUInt32LE(3, 64);
  file.writeBigUInt64LE(160n, 72);
  file.write(`${interpreter}\0`, 160);
  return file;
}

test('musl and glibc are told apart by the ELF interpreter', () => {
  const file = path.join(os.tmpdir(), `leakwatch-elf-${process.pid}`);
  for (const interpreter of ['/lib/ld-musl-x86_64.so.1', '/lib64/ld-linux-x86-64.so.2']) {
    fs.writeFileSync(file, elf(interpreter));
    assert.equal(elfInterpreter(file), interpreter);
  }
  for (const other of ['', '#!/bin/sh\n', '\x7fELF', 'MZ'.repeat(100)]) {
    fs.writeFileSync(file, other, 'latin1');
    assert.equal(elfInterpreter(file), '');
  }
  fs.rmSync(file);
  assert.equal(elfInterpreter(file), '');
});

test('the platform of this process', { skip: process.platform !== 'linux' && 'Linux names a C library' }, () => {
  const report = /** @type {any} */ (process.report.getReport());
  const expected = report.header.glibcVersionRuntime ? 'gnu' : 'musl';
  assert.equal(platformName(), `linux-${process.arch}-${expected}`);
});
