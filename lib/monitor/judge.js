'use strict';
const native = require('../native.js');

/**
 * What the measurements of a running process mean.
 * @param {ReturnType<import('../monitor.js').Monitor['observations']>} observations
 * @returns {any} the report
 */
function judge(observations) {
  if (native.judgeMonitor) return JSON.parse(native.judgeMonitor(JSON.stringify(observations)));
  const { pid, nodeVersion, uptimeMs, requests, routes, resources, stretches } = observations;
  return {
    version: 1,
    verdict: 'undecided',
    summary: `${requests} requests in ${Math.round(uptimeMs / 1000)} s are not enough to tell.`,
    process: { pid, nodeVersion, entry: process.argv[1] ?? '', requests },
    memory: { ...observations.samples.at(-1), ...observations.floors.at(-1) },
    suspects: [],
    routes: Object.entries(routes).map(([route, count]) => ({ route, requests: count })),
    resources,
    checkpoints: stretches,
    evidence: [],
    cost: null,
  };
}

module.exports = { judge };
