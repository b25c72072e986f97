'use strict';

/** What an action throws, in a form that can be compared. @param {() => any} action */
function thrown(action) {
  try {
    action();
    return 'nothing thrown';
  } catch (error) {
    return `${error?.name} ${error?.code} ${error?.message}`;
  }
}

module.exports = { thrown };
