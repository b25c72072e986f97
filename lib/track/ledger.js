'use strict';

/** Below this many subjects nothing is swept. */
const SMALLEST_SWEEP = 1024;

/**
 * Weakly held subjects and their numbers in the native table. Whether a subject is alive is looked up, never told: no
 * method that ends a life has to be patched. Sweeps come when the ledger has doubled, so that each subject costs
 * constant time and the ledger stays within twice what is alive.
 */
class Ledger {
  #table;
  #isAlive;
  /** @type {{ ref: WeakRef<object>, id: number }[]} */
  #rows = [];
  #nextSweep = SMALLEST_SWEEP;

  /**
   * @param {any} table native TrackTable
   * @param {(subject: any) => boolean} isAlive
   */
  constructor(table, isAlive) {
    this.#table = table;
    this.#isAlive = isAlive;
  }

  /** How many rows there are, dead ones included. */
  get size() {
    return this.#rows.length;
  }

  /**
   * @param {object} subject
   * @param {number} id its number in the table; 0 when the table had no place
   */
  add(subject, id) {
    if (id === 0) return;
    this.#rows.push({ ref: new WeakRef(subject), id });
    if (this.#rows.length >= this.#nextSweep) this.sweep();
  }

  /** Forgets the dead. */
  sweep() {
    const alive = [];
    const gone = [];
    for (const row of this.#rows) {
      const subject = row.ref.deref();
      if (subject !== undefined && this.#isAlive(subject)) alive.push(row);
      else gone.push(row.id);
    }
    this.#rows = alive;
    this.#nextSweep = Math.max(SMALLEST_SWEEP, 2 * alive.length);
    if (gone.length > 0) this.#table.remove(gone);
  }

  /** Forgets everything. */
  clear() {
    this.#table.remove(this.#rows.map((row) => row.id));
    this.#rows = [];
  }
}

module.exports = { Ledger };
