'use strict';
const cluster = require('node:cluster');
const { syncBuiltinESMExports } = require('node:module');
const { observe } = require('../track/patch.js');

/** @returns {{ seen(): boolean, stop(): void }} whether this process forks cluster workers */
function watchForks() {
  let seen = false;
  const stop = observe(cluster, 'fork', () => {
    seen = true;
  });
  return { seen: () => seen, stop };
}

/** From here on this process takes itself for a worker of its own cluster, and listens by itself. */
function becomeWorker() {
  const worker = new cluster.Worker(/** @type {any} */ ({ id: 1, process }));
  // A worker gets its handle from the primary; without one `listen` makes it, as in a process of its own.
  const _getServer = (server, query, listen) => listen(undefined, null);
  Object.assign(cluster, { isPrimary: false, isMaster: false, isWorker: true, worker, _getServer });
  // A worker may talk to its primary; nobody answers here.
  process.send ??= () => true;
  syncBuiltinESMExports();
}

module.exports = { becomeWorker, watchForks };
