'use strict';
// One Express server with one variant. argv: variant, case, megabytes of data to keep
const { setTimeout: sleep } = require('node:timers/promises');

const { cases } = require('./cases.js');
const { keepData } = require('./data.js');
const { leakWatch, variants } = require('./variants.js');

const GIVEN_BACK_MS = 500;

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
 * two servers that do the same V8 leaves it as large as it may be, or next to nothing. V8 gives memory back in other threads,
 * a moment later, and some of it only in the next collection: read at once, two servers that did the same differed by 50 MB.
 */
async function collect() {
  for (let n = 0; n < 2; n++) {
    globalThis.gc();
    globalThis.gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    await sleep(GIVEN_BACK_MS);
  }
}

process.on('message', async (message) => {
  switches[message]?.();
  if (message === 'collect') await collect();
  const { user, system } = process.cpuUsage();
  process.send({ rss: process.memoryUsage.rss(), cpuMs: (user + system) / 1000 });
});
process.on('disconnect', () => process.exit());
main();
