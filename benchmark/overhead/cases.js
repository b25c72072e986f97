'use strict';
// What the measured servers do.
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

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

module.exports = { cases };
