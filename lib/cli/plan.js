'use strict';
// How much traffic tells the truth about an app: enough to stand out from the noise of a young
// process, in well under a minute, and never so much that the leak itself ends the app or the disk.

const MB = 1024 * 1024;
// Also the least a round takes: what lives for a second or two is not a leak.
const ROUND_MS = 2000;
const REQUESTS_PER_ROUND = { min: 10, max: 1000 };
const WARMUP = { first: 20, wanted: 500, ms: 5000 };
// What the whole run may add. Snapshots slow down with the heap, so that one is tighter.
const BUDGET = { rssBytes: 768 * MB, heapBytes: 96 * MB, fds: 8000 };

/**
 * @typedef {object} Reading of the app's memory
 * @property {number} rss
 * @property {number} heapUsed
 * @property {number} [fds]
 * @property {number} heapLimit
 */

/**
 * @param {object} sofar
 * @param {number} sofar.sent requests of the warm-up until now
 * @param {number} sofar.elapsedMs
 * @param {number | null} sofar.wanted how many there shall be; null: as many as there is time for
 * @returns {number} size of the next batch; 0 when the app is warm
 */
function nextWarmupBatch({ sent, elapsedMs, wanted }) {
  if (wanted === null && elapsedMs >= WARMUP.ms) return 0;
  return Math.min(Math.max(sent, WARMUP.first), (wanted ?? WARMUP.wanted) - sent);
}

/**
 * @param {object} warmup
 * @param {number} warmup.requestsPerSecond at its end
 * @param {number} warmup.requests between the two readings
 * @param {Reading} warmup.before
 * @param {Reading} warmup.after
 * @param {number} rounds still to come, those between snapshots included
 * @returns {number} requests in each round
 */
function planRequests({ requestsPerSecond, requests, before, after }, rounds) {
  const perRequest = (key) => Math.max(0, (after[key] ?? 0) - (before[key] ?? 0)) / Math.max(1, requests);
  const affordable = (budget, key) => (perRequest(key) > 0 ? budget / perRequest(key) / rounds : Infinity);
  const wanted = Math.min(
    (requestsPerSecond * ROUND_MS) / 1000,
    affordable(BUDGET.rssBytes, 'rss'),
    affordable(Math.min(BUDGET.heapBytes, after.heapLimit / 4), 'heapUsed'),
    affordable(BUDGET.fds, 'fds'),
  );
  return Math.floor(Math.min(REQUESTS_PER_ROUND.max, Math.max(REQUESTS_PER_ROUND.min, wanted)));
}

/**
 * @param {Reading} reading
 * @param {number} totalBytes memory of the machine or container
 * @returns {boolean} whether more traffic could end the app: what is known has to do
 */
function isExhausted(reading, totalBytes) {
  return reading.heapUsed > reading.heapLimit * 0.6 || reading.rss > totalBytes * 0.6;
}

module.exports = { ROUND_MS, isExhausted, nextWarmupBatch, planRequests };
