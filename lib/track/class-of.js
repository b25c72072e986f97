'use strict';

/** What an object's class is called. @param {any} object */
function classOf(object) {
  if (object === process) return 'process';
  const name = object.constructor?.name;
  return typeof name === 'string' && name !== '' ? name : 'Object';
}

module.exports = { classOf };
