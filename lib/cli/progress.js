'use strict';

const CLEAR_LINE = '\r\u001b[2K';
const BAR_WIDTH = 24;

/**
 * What the command is doing, on standard error: one line that changes on a terminal, a line per
 * phase elsewhere (a CI log wants few).
 */
class Progress {
  #stream;
  #live;
  #shown = false;

  /** @param {NodeJS.WriteStream} [stream] */
  constructor(stream = process.stderr) {
    this.#stream = stream;
    this.#live = Boolean(stream.isTTY);
  }

  /** @param {string} text the start of a phase */
  phase(text) {
    if (this.#live) this.step(text);
    else this.#stream.write(`leakwatch: ${text}\n`);
  }

  /** @param {string} text news within a phase; only a terminal sees them */
  step(text) {
    if (!this.#live) return;
    const width = (this.#stream.columns ?? 80) - 1;
    this.#stream.write(CLEAR_LINE + `leakwatch: ${text}`.slice(0, width));
    this.#shown = true;
  }

  /**
   * @param {string} text
   * @param {number} fraction 0 to 1; only a terminal sees it
   */
  bar(text, fraction) {
    const done = Math.round(fraction * BAR_WIDTH);
    this.step(`${'█'.repeat(done)}${'░'.repeat(BAR_WIDTH - done)} ${String(Math.round(fraction * 100)).padStart(3)} % ${text}`);
  }

  /** @param {string} text stays on the screen */
  warn(text) {
    this.clear();
    this.#stream.write(`leakwatch: ${text}\n`);
  }

  clear() {
    if (this.#shown) this.#stream.write(CLEAR_LINE);
    this.#shown = false;
  }
}

module.exports = { Progress };
