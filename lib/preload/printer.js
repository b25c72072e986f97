'use strict';
const fs = require('node:fs');
const native = require('../native.js');

/** Prints what is alive and the verdict so far. */
class Printer {
  #watch;
  #json;
  /** What was printed last: what grew since then is of most interest. */
  #before = { resources: /** @type {any[]} */ ([]), atMs: NaN };

  /**
   * @param {import('../express.js').Watch} watch
   * @param {string | null} json a file that gets one line of JSON for each print; `-` for standard output in place of
   *   the text
   */
  constructor(watch, json) {
    this.#watch = watch;
    this.#json = json;
  }

  /** Never throws: what cannot be printed is told as a warning. */
  async print() {
    try {
      const report = await this.#watch.report();
      const now = { resources: this.#watch.resources(), atMs: Date.now() };
      if (this.#json !== null) this.#write({ atMs: now.atMs, pid: process.pid, resources: now.resources, report });
      if (this.#json !== '-') fs.writeSync(process.stderr.fd, this.#text(now, report));
      this.#before = now;
    } catch (error) {
      process.emitWarning(`leakwatch cannot print: ${error instanceof Error ? error.message : error}`, { type: 'LeakWatchWarning', code: 'LEAKWATCH_DEGRADED' });
    }
  }

  #write(line) {
    const text = `${JSON.stringify(line)}\n`;
    if (this.#json === '-') fs.writeSync(process.stdout.fd, text);
    else fs.appendFileSync(/** @type {string} */ (this.#json), text, { mode: 0o600 });
  }

  #text({ resources, atMs }, report) {
    const { isTTY, columns } = process.stderr;
    const format = { color: isTTY === true && process.env.NO_COLOR === undefined, width: columns ?? 100 };
    const minutes = Number.isNaN(this.#before.atMs) ? null : (atMs - this.#before.atMs) / 60_000;
    const listing = { cwd: process.cwd(), resources, before: this.#before.resources, minutes };
    return `${native.renderReport(JSON.stringify(report), format)}${native.renderResources(JSON.stringify(listing), format)}`;
  }
}

module.exports = { Printer };
