'use strict';
// What an app does that calls leakWatch() itself.
require('../..')({ track: 'all', prove: false });
