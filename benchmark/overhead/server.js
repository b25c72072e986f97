'use strict';
// One Express server with one variant. argv: variant, case, megabytes of data to keep
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { keepData } = require('./data.js');
const { leakWatch, variants } = require('./variants.js');

const [variant, name, megabytes] = process.argv.slice(2);

/** Puts the routes of a case on an app, and what it needs on a server. */
const cases = {
  json: (app) => app.get('/items/:id', (req, res) => res.json({ id: req.params.id })),
  pool(app) {
    const pool = new Pool(10);
    app.get('/items/:id', async (req, res) => {
      let sum = 0;
      for (let n = 0; n < 10; n++) sum += await pool.query(n); // two awaits each
      res.json({ id: req.params.id, sum });
    });
  },
  files(app) {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'leakwatch-overhead-'));
    const file = path.join(folder, 'file.bin');
    fs.writeFileSync(file, Buffer.alloc(256 * 1024, 'x'));
    process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
    app.get('/items/:id', (req, res) => res.sendFile(file));
  },
  sockets(app, server) {
    const { WebSocketServer } = require('ws');
    new WebSocketServer({ server });
    cases.json(app);
  },
};

/** As database drivers do: a connection is taken or waited for, a query has a time limit and answers in a later turn. */
class Pool {
  #free;
  #waiting = [];

  constructor(size) {
    this.#free = size;
  }

  async query(value) {
    await this.#take();
    const limit = setTimeout(() => {}, 30_000);
    const result = await new Promise((resolve) => setImmediate(resolve, value));
    clearTimeout(limit);
    this.#release();
    return result;
  }

  #take() {
    if (this.#free === 0) return new Promise((resolve) => this.#waiting.push(resolve));
    this.#free -= 1;
    return Promise.resolve();
  }

  #release() {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free += 1;
  }
}

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
  if (middleware) app.use(middleware);
  cases[name](app, server);
  server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
}

process.on('message', (message) => {
  switches[message]?.();
  if (message === 'collect') globalThis.gc(); // else the resident size is an accident of when V8 last collected
  const { user, system } = process.cpuUsage();
  process.send({ rss: process.memoryUsage.rss(), cpuMs: (user + system) / 1000 });
});
process.on('disconnect', () => process.exit());
main();
