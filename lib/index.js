'use strict';
const { LeakWatchError } = require('./errors.js');
const { leakWatch, checkpoint, resources } = require('./express.js');

/**
 * Writes a heap snapshot that Chrome DevTools opens.
 * @param {import('./capture-options.js').SnapshotOptions} [options]
 */
async function takeSnapshot(options) {
  // The native part is loaded by whoever needs it, so that importing this package never throws.
  return require('./capture.js').takeSnapshot(options);
}

// One assignment a line, so that Node sees the names for `import { takeSnapshot } from 'leakwatch'`.
module.exports = leakWatch;
module.exports.default = leakWatch;
module.exports.leakWatch = leakWatch;
module.exports.takeSnapshot = takeSnapshot;
module.exports.checkpoint = checkpoint;
module.exports.resources = resources;
module.exports.LeakWatchError = LeakWatchError;
