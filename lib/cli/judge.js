'use strict';
// The seam to the native part: what a test run means.
const { fromNative } = require('../errors.js');
const native = require('../native.js');

/**
 * @param {object} testRun with points only
 * @returns {{ grows: boolean, workers: number[] }} whether heap snapshots are worth taking, and of which worker threads, too
 */
function growthOf(testRun) {
  return call(() => JSON.parse(native.growthOfRun(JSON.stringify(testRun))));
}

/**
 * @param {object} testRun
 * @returns {Promise<any>} the Report
 */
async function judge(testRun) {
  try {
    return JSON.parse(await native.judgeTestRun(JSON.stringify(testRun)));
  } catch (error) {
    throw fromNative(error);
  }
}

/**
 * @param {object} report
 * @param {{ color: boolean, width: number }} format
 * @returns {string}
 */
function render(report, format) {
  return call(() => native.renderReport(JSON.stringify(report), format));
}

function call(run) {
  try {
    return run();
  } catch (error) {
    throw fromNative(error);
  }
}

module.exports = { growthOf, judge, render };
