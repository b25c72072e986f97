'use strict';
// One Express server with one variant. argv: variant, case, megabytes of data to keep
const { cases } = require('./cases.js');
const { keepData } = require('./data.js');
const { leakWatch, variants } = require('./variants.js');

const [variant, name, megabytes] = process.argv.slice(2);

/** What the variant has added. @type {any} */
let middleware;

/** Switches a watch on or off in a server that was started with one. */
const switches = {
  watch: () => (middleware ??= leakWatch()),
  bare() {
    middleware?.stop();
    middleware = undefined;
  },
};

async function main() {
  keepData(Number(megabytes));
  middleware = await variants[variant].add();
  const app = require('express')();
  const server = require('http').createServer(app);
  server.keepAliveTimeout = 0; // its turn comes again after any time
  if (middleware) app.use(middleware);
  cases[name](app, server);
  server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
}

/**
 * Else the resident size is an accident of when V8 last collected. The second collection makes the young generation small: in
 * two servers that do the same V8 leaves it as large as it may be, or next to nothing.
 */
function collect() {
  globalThis.gc();
  globalThis.gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}

process.on('message', (message) => {
  switches[message]?.();
  if (message === 'collect') collect();
  const { user, system } = process.cpuUsage();
  process.send({ rss: process.memoryUsage.rss(), cpuMs: (user + system) / 1000 });
});
process.on('disconnect', () => process.exit());
main();
