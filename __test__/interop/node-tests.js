'use strict';
// Node's own tests of its events module, as the package `events` ships them, run against Node's own module, without
// leakwatch or with it. argv: bare | auto | all. Prints what each file said.
const assert = require('node:assert');
const fs = require('node:fs');
const Module = require('node:module');
const path = require('node:path');
const { setImmediate: turn } = require('node:timers/promises');

const [mode] = process.argv.slice(2);
const folder = path.join(__dirname, 'node_modules', 'events', 'tests');
const files = fs.readdirSync(folder).filter((file) => !['common.js', 'index.js', 'legacy-compat.js'].includes(file));

/** What the files use of the test runner they were written for. */
const finishers = [];
const tape = Object.assign(() => {}, { onFinish: (check) => finishers.push(check), comment() {} });

/** They know the messages of an older Node: that something is thrown counts, and what is compared with `bare`. */
const throws = Object.assign((...args) => assert(...args), assert, { throws: (/** @type {any} */ action) => assert.throws(action) });
const replaced = { '../': require('node:events'), assert: throws, has: Object.hasOwn, tape };

const load = /** @type {any} */ (Module)._load;
/** @type {any} */ (Module)._load = function (request, parent, ...rest) {
  if (parent?.path === folder && request in replaced) return replaced[request];
  return load.call(this, request, parent, ...rest);
};

async function verdict(file) {
  const ends = [];
  const common = require(path.join(folder, 'common.js'));
  common.test = { on: (event, listener) => ends.push(listener), ok: () => {}, comment() {} };
  try {
    await require(path.join(folder, file));
    await turn();
    for (const end of ends.concat(finishers.splice(0))) end(0);
    return 'passed';
  } catch (error) {
    return `${error.name}: ${error.message}`;
  }
}

async function main() {
  console.log = () => {}; // some of them print
  if (mode !== 'bare') require('../..')({ track: mode, intervalMs: 100, prove: false });
  const verdicts = {};
  for (const file of files) verdicts[file] = await verdict(file);
  process.stdout.write(JSON.stringify(verdicts), () => process.exit());
}

main();
