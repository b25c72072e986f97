'use strict';
// The preload of `leakwatch test`: `node --require leakwatch/register app.js`. Without a control
// channel (in a grandchild, a worker, or when somebody loads it by hand) it does nothing.
const { isMainThread } = require('node:worker_threads');
const { CONTROL_FD } = require('./control/protocol.js');

const descriptor = process.env[CONTROL_FD];

if (isMainThread && descriptor !== undefined) {
  delete process.env[CONTROL_FD];
  hidePreload();
  require('./control/index.js').start(Number(descriptor));
}

/** What the app forks inherits `process.execArgv`; the preload is none of its business. */
function hidePreload() {
  const at = process.execArgv.indexOf(__filename);
  if (at > 0) process.execArgv.splice(at - 1, 2);
}
