'use strict';
// Drives the server of this process and prints what the watch says. Each handler forgets an interval.
const { setTimeout: sleep } = require('node:timers/promises');
const leakWatch = require('../..');

/** What each handler leaves behind. */
const forget = () => setInterval(() => {}, 3_600_000);

/** @param {number} port @param {string[]} requests such as `GET /users/7` */
async function drive(port, requests) {
  for (const request of requests) {
    const [method, path] = request.split(' ');
    await (await fetch(`http://127.0.0.1:${port}${path}`, { method })).text();
  }
  await report();
}

/** Prints requests per route, and the routes that left intervals. */
async function report() {
  await sleep(50); // a response is finished a moment after the client has it
  const watch = leakWatch();
  const { routes } = await watch.report();
  const timers = watch.resources().filter(({ kind, delayMs }) => kind === 'timer' && delayMs === 3_600_000);
  const counts = (rows, key) => Object.fromEntries(rows.map((row) => [row.route, row[key]]));
  process.stdout.write(JSON.stringify({ routes: counts(routes, 'requests'), timers: counts(timers.flatMap((group) => group.routes), 'count') }), () => process.exit(0));
}

module.exports = { drive, forget, report };
