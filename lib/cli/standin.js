'use strict';
// Stands in for the native judge until it is there: the trend of the heap and nothing else.

function bytesPerRequest({ points }) {
  const [first, last] = [points[Math.floor(points.length / 2)], points.at(-1)];
  return (last.memory.heapUsed - first.memory.heapUsed) / Math.max(1, last.requests - first.requests);
}

module.exports = {
  growthOf: (run) => JSON.stringify({ grows: bytesPerRequest(JSON.parse(run)) > 250, series: [] }),
  async judgeTestRun(run) {
    const slope = bytesPerRequest(JSON.parse(run));
    return JSON.stringify({ version: 1, verdict: slope > 250 ? 'leaking' : 'healthy', summary: `${Math.round(slope)} bytes a request`, suspects: [] });
  },
  renderReport: (report) => `${JSON.parse(report).verdict}: ${JSON.parse(report).summary}\n`,
};
