'use strict';
const { EventEmitter } = require('node:events');
const { classOf } = require('./class-of.js');
const { Ledger } = require('./ledger.js');
const { patch } = require('./patch.js');

/**
 * What pools have handed out and not got back: pools of databases emit `acquire` with the connection, and `release`
 * with it once it is back (pg, mysql, mysql2, and those made like them). Pools and connections are held weakly.
 * @param {import('./recorder.js').Recorder} recorder
 */
function trackCheckouts(recorder) {
  const checkouts = new Checkouts(recorder);
  const restore = patch(EventEmitter.prototype, 'emit', (original, state) => {
    return {
      wrapper(event) {
        if (event === 'acquire' || event === 'release') {
          if (state.active) checkouts.told(this, arguments);
        }
        return Reflect.apply(original, this, arguments);
      },
    }.wrapper;
  });
  return {
    sweep: () => checkouts.sweep(),
    stop() {
      restore();
      checkouts.clear();
    },
  };
}

class Checkouts {
  #recorder;
  #ledger;
  /** A stay outside for each connection that is out. @type {WeakMap<object, { isOver: boolean }>} */
  #stays = new WeakMap();

  constructor(recorder) {
    this.#recorder = recorder;
    this.#ledger = new Ledger(recorder.table, (stay) => !stay.isOver);
  }

  /**
   * A pool emits one of the two events.
   * @param {any} pool
   * @param {ArrayLike<any>} args
   */
  told(pool, args) {
    try {
      if (args[0] === 'release') for (let n = 1; n < args.length; n++) this.#returned(args[n]);
      else if (typeof args[1] === 'object' && args[1] !== null) this.#recorder.sample(() => this.#acquired(pool, args[1]));
    } catch {
      // No measurement.
    }
  }

  sweep() {
    this.#ledger.sweep();
  }

  clear() {
    this.#ledger.clear();
    this.#stays = new WeakMap();
  }

  #acquired(pool, connection) {
    this.#returned(connection);
    const stay = { isOver: false };
    this.#stays.set(connection, stay);
    this.#ledger.add(stay, this.#recorder.add('checkout', classOf(connection), { holder: classOf(pool) }));
  }

  #returned(connection) {
    const stay = this.#stays.get(connection);
    if (!stay) return;
    stay.isOver = true;
    this.#stays.delete(connection);
  }
}

module.exports = { trackCheckouts };
