'use strict';
const { leakWatch } = require('../express.js');
const { readEnvironment } = require('./environment.js');
const { Printer } = require('./printer.js');

/**
 * Watches this process, whose code knows nothing of leakwatch. A leak is told as a warning; resources and report are
 * printed on the signal that the environment names. Wrong settings are told, and the app starts all the same.
 */
function start() {
  const { options, signal, json } = readEnvironment(process.env, warn);
  const watch = leakWatch(options);
  watch.on('leak', ({ summary, suspects }) => warn('LEAKWATCH_LEAK', [summary, ...suspects.flatMap(placeOf)].join('\n')));
  if (signal === null) return;
  const printer = new Printer(watch, json);
  process.on(signal, () => printer.print());
}

function placeOf({ name, createdAt: [place], routes, advice }) {
  return [`${name}${place ? ` at ${place.file}:${place.line}` : ''}${routes.length ? ` by ${routes.join(', ')}` : ''}: ${advice}`];
}

function warn(code, message) {
  process.emitWarning(message, { type: 'LeakWatchWarning', code });
}

module.exports = { start };
