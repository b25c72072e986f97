'use strict';
// What leakWatch() adds to a request, in microseconds of processor time: node benchmark/overhead/added.js [--nodes 20,22,24,26] [--rounds 40] [--case json]
// In one process: requests come on connections that are only memory, so that neither the network nor the kernel is measured, and
// the watch is switched on and off in turns, so that two processes need not be alike. What disturbs a round only adds to it: look at the least.
const http = require('node:http');
const { Duplex } = require('node:stream');
const { parseArgs } = require('node:util');
const { nodeBinary } = require('../../__test__/nodes/install.js');
const { cases } = require('./cases.js');
const { answerOf, start } = require('./measure.js');
const { spread } = require('./table.js');
const { leakWatch } = require('./variants.js');

const REQUEST = 'GET /items/7 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n';
const CONNECTIONS = 16;
/** After a switch V8 compiles anew what the switch has changed. */
const SETTLE = 3000;
const REQUESTS = 5000;
const WARM_UP_ROUNDS = 4;

const modes = {
  bare: () => undefined,
  'leakWatch()': () => leakWatch(),
  'leakWatch({ contexts: true })': () => leakWatch({ contexts: true }),
};

async function main() {
  const options = /** @type {const} */ ({
    nodes: { type: 'string', default: '20,22,24,26' },
    rounds: { type: 'string', default: '40' },
    case: { type: 'string', default: 'json' }, // or pool
  });
  const { values } = parseArgs({ options });
  const [running] = process.versions.node.split('.');
  for (const major of values.nodes.split(',')) {
    const execPath = major === running ? process.execPath : nodeBinary(major);
    const { version, micros } = await answerOf(start(execPath, 'added.js', [values.case, values.rounds], 0));
    console.log(`\n### ${values.case}, Node ${version}: microseconds for a request\n\n| | least | median |\n| --- | --- | --- |`);
    for (const [mode, figures] of Object.entries(micros)) console.log(`| ${[mode, ...figures.map((figure) => figure.toFixed(2))].join(' | ')} |`);
  }
}

async function measure(name, rounds) {
  const app = require('express')();
  const server = http.createServer(app);
  cases[name](app, server);
  const connections = Array.from({ length: CONNECTIONS }, () => new Connection(server));
  const names = Object.keys(modes);
  const micros = Object.fromEntries(names.map((mode) => [mode, []]));
  for (let round = 0; round < rounds + WARM_UP_ROUNDS; round++) {
    for (let n = 0; n < names.length; n++) {
      const mode = names[(n + round) % names.length];
      const watch = modes[mode]();
      await serve(connections, SETTLE);
      const figure = await serve(connections, REQUESTS);
      if (round >= WARM_UP_ROUNDS) micros[mode].push(figure);
      watch?.stop();
    }
  }
  const figures = Object.entries(micros).map(([mode, all]) => [mode, [Math.min(...all), spread(all).median]]);
  process.send({ version: process.version, micros: Object.fromEntries(figures) }, () => process.exit());
}

/** Microseconds for each of so many requests. */
async function serve(connections, requests) {
  const { user, system } = process.cpuUsage();
  await Promise.all(connections.map((connection) => connection.ask(Math.round(requests / connections.length))));
  const after = process.cpuUsage();
  return (after.user + after.system - user - system) / requests;
}

/** A connection to a server in this process: Node's servers take any stream for one. */
class Connection extends Duplex {
  #left = 0;
  #done = () => {};

  /** @param {http.Server} server */
  constructor(server) {
    super();
    server.emit('connection', this);
  }

  /** Asks so often, each time when the last one is answered. @param {number} requests @returns {Promise<void>} */
  ask(requests) {
    this.#left = requests;
    this.push(REQUEST);
    return new Promise((resolve) => (this.#done = resolve));
  }

  _read() {}

  /** An answer comes as a whole: Node holds it back until it has ended. */
  _writev(chunks, callback) {
    callback();
    this.#left -= 1;
    if (this.#left === 0) this.#done();
    else setImmediate(() => this.push(REQUEST));
  }

  setTimeout() {
    return this;
  }
}

if (process.send) measure(process.argv[2], Number(process.argv[3]));
else main();
