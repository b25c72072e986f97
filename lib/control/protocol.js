'use strict';

/** Names the descriptor of the control channel in the environment of a process under test. */
const CONTROL_FD = 'LEAKWATCH_CONTROL_FD';

/** Set when a process under test shall be a cluster worker instead of a primary that forks some. */
const CLUSTER_WORKER = 'LEAKWATCH_CLUSTER_WORKER';

module.exports = { CLUSTER_WORKER, CONTROL_FD };
