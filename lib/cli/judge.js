'use strict';
// The seam to the native part: what a test run means.
const { fromNative } = require('../errors.js');

function judging() {
  try {
    const native = require('../native.js');
    if (native.judgeTestRun) return native;
  } catch {
    // not built yet
  }
  return require('./standin.js');
}

/**
 * @param {object} testRun with points only
 * @returns {boolean} whether heap snapshots are worth taking
 */
function grows(testRun) {
  return call(() => JSON.parse(judging().growthOfRun(JSON.stringify(testRun))).grows);
}

/**
 * @param {object} testRun
 * @returns {Promise<any>} the Report
 */
async function judge(testRun) {
  try {
    return JSON.parse(await judging().judgeTestRun(JSON.stringify(testRun)));
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
  return call(() => judging().renderReport(JSON.stringify(report), format));
}

function call(run) {
  try {
    return run();
  } catch (error) {
    throw fromNative(error);
  }
}

module.exports = { grows, judge, render };
