'use strict';
const native = require('../native.js');

/**
 * What the measurements of a running process mean.
 * @param {ReturnType<import('../monitor.js').Monitor['observations']>} observations
 * @returns {any} the report
 */
function judge(observations) {
  return JSON.parse(native.judgeMonitor(JSON.stringify(observations)));
}

module.exports = { judge };
