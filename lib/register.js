'use strict';
// `node --require leakwatch/register app.js` watches an app that knows nothing of leakwatch; `leakwatch test` and
// `leakwatch run` start apps this way. Worker threads are left to themselves.
const { isMainThread } = require('node:worker_threads');
const { CLUSTER_WORKER, CONTROL_FD } = require('./control/protocol.js');

const descriptor = process.env[CONTROL_FD];

if (isMainThread && descriptor !== undefined) {
  const asWorker = process.env[CLUSTER_WORKER] !== undefined;
  delete process.env[CONTROL_FD];
  delete process.env[CLUSTER_WORKER];
  hidePreload();
  if (asWorker) require('./control/cluster.js').becomeWorker();
  require('./control/index.js').start(Number(descriptor));
} else if (isMainThread) {
  require('./preload/index.js').start();
}

/** What the app forks inherits `process.execArgv`; the preload of a test is none of its business. */
function hidePreload() {
  const at = process.execArgv.indexOf(__filename);
  if (at > 0) process.execArgv.splice(at - 1, 2);
}
