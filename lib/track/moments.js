'use strict';
// Taken now: later somebody may track or mock timers.
const { setTimeout, clearTimeout } = require('node:timers');

/** Longer than requests take, so that what one makes late belongs to it, too; short, so that no minute is much dearer than the next. */
const OPEN_MS = 10_000;
const CLOSED_MS = 90_000;

/** Something dear that is done for a tenth of the time: open at once, then closed and open in turns. */
class Moments {
  #turned;
  #lengths;
  /** @type {NodeJS.Timeout | undefined} */
  #timer;

  /**
   * @param {(open: boolean) => void} turned told when it opens and when it closes. Must not throw
   * @param {{ openMs: number, closedMs: number }} [lengths]
   */
  constructor(turned, lengths = { openMs: OPEN_MS, closedMs: CLOSED_MS }) {
    this.#turned = turned;
    this.#lengths = lengths;
  }

  /** Opens, if it is not open or closed in turns already. */
  start() {
    if (!this.#timer) this.#turn(true);
  }

  /** Closes, and stays closed. */
  stop() {
    if (!this.#timer) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#turned(false);
  }

  #turn(open) {
    const { openMs, closedMs } = this.#lengths;
    this.#timer = setTimeout(() => this.#turn(!open), open ? openMs : closedMs).unref();
    this.#turned(open);
  }
}

module.exports = { Moments };
