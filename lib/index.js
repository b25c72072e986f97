'use strict';
const { LeakWatchError } = require('./errors.js');
const { leakWatch, checkpoint, resources } = require('./express.js');

// The native part is loaded by whoever needs it, so that importing this package never throws.

/**
 * Writes a heap snapshot that Chrome DevTools opens.
 * @param {import('./capture.js').SnapshotOptions} [options]
 */
async function takeSnapshot(options) {
  return require('./capture.js').takeSnapshot(options);
}

/**
 * Copies a snapshot with the values of strings blanked, for somebody else's eyes.
 * @param {string} source
 * @param {string} target
 */
async function redactSnapshot(source, target) {
  return require('./capture.js').redactSnapshot(source, target);
}

/**
 * Counts the live objects by constructor: far cheaper than a snapshot.
 * @param {import('./capture.js').CaptureOptions} [options]
 */
async function classHistogram(options) {
  return require('./capture.js').classHistogram(options);
}

/**
 * Puts class histograms side by side.
 * @param {import('./capture.js').Histogram[]} histograms in the order they were taken
 * @param {'classes' | 'routes'} [by]
 */
function compareHistograms(histograms, by) {
  return require('./capture.js').compareHistograms(histograms, by);
}

/**
 * What is in a heap snapshot: what keeps much of it, classes, collections and more. Works on threads of its own.
 * @param {string} file
 * @param {import('./analysis.js').ListOptions} [options]
 */
async function analyzeSnapshot(file, options) {
  return require('./analysis.js').analyzeSnapshot(file, options);
}

/**
 * What grew between heap snapshots, and who holds it.
 * @param {string[]} files in the order they were taken
 * @param {import('./analysis.js').ListOptions} [options]
 */
async function compareSnapshots(files, options) {
  return require('./analysis.js').compareSnapshots(files, options);
}

/**
 * Why an object of a heap snapshot is alive.
 * @param {string} file
 * @param {import('./analysis.js').ExplainOptions} options
 */
async function explainObject(file, options) {
  return require('./analysis.js').explainObject(file, options);
}

/** Whether captures can be taken without stopping the event loop here, and why not. */
function backgroundSupport() {
  return require('./capture.js').backgroundSupport();
}

// One assignment a line, so that Node sees the names for `import { takeSnapshot } from 'leakwatch'`.
module.exports = leakWatch;
module.exports.default = leakWatch;
module.exports.leakWatch = leakWatch;
module.exports.takeSnapshot = takeSnapshot;
module.exports.redactSnapshot = redactSnapshot;
module.exports.classHistogram = classHistogram;
module.exports.compareHistograms = compareHistograms;
module.exports.analyzeSnapshot = analyzeSnapshot;
module.exports.compareSnapshots = compareSnapshots;
module.exports.explainObject = explainObject;
module.exports.backgroundSupport = backgroundSupport;
module.exports.checkpoint = checkpoint;
module.exports.resources = resources;
module.exports.LeakWatchError = LeakWatchError;
