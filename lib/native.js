'use strict';
const { binaryPath } = require('./platform.js');

/** The native part (Rust). Its functions are described in native/binding.d.ts. */
module.exports = require(binaryPath());
