#!/usr/bin/env node
'use strict';
const { main } = require('../lib/cli/index.js');

// Whoever reads the output may stop early (`leakwatch … | head`).
process.stdout.on('error', () => {});

main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
  // A traffic module may have left sockets or timers behind; what was printed is flushed first.
  process.stdout.write('', () => process.stderr.write('', () => process.exit()));
});
