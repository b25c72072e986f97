'use strict';

/** Names the descriptor of the control channel in the environment of a process under test. */
const CONTROL_FD = 'LEAKWATCH_CONTROL_FD';

module.exports = { CONTROL_FD };
