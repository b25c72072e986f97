'use strict';
const { version } = require('../../package.json');
const { LeakWatchError } = require('../errors.js');
const help = require('./help.js');
const { print } = require('./output.js');

const UNSUPPORTED = 1;

/**
 * @param {string[]} argv what follows `leakwatch doctor`
 * @returns {number} the exit code
 */
function doctor(argv) {
  if (argv[0] === '--help' || argv[0] === '-h') return print(help.DOCTOR);
  if (argv.length > 0) throw new LeakWatchError('ERR_LEAKWATCH_OPTION', "'leakwatch doctor' takes no arguments.");
  const { supported, reason, precopy } = require('../capture.js').backgroundSupport();
  const pause = precopy ? 'the heap is copied beforehand, the pause hardly grows with it' : 'the pause grows with the heap: copying it beforehand takes Linux 6.7 on x86-64, and a sandbox that allows userfaultfd';
  print(`leakwatch ${version}, Node.js ${process.version}, ${process.platform} ${process.arch}\nsnapshots in the background: ${supported ? `yes; ${pause}` : `no, ${reason}`}\n`);
  return supported ? 0 : UNSUPPORTED;
}

module.exports = { doctor };
