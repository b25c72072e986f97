'use strict';
const { EventEmitter } = require('node:events');

/** Stock of every product; emits 'restocked' with the product's id when a delivery arrives. */
class Inventory extends EventEmitter {
  #stock = new Map();

  constructor() {
    super();
    // Many customers wait for many products.
    this.setMaxListeners(0);
  }

  available(id) {
    return this.#stock.get(id) ?? 10;
  }

  deliver(id, quantity) {
    this.#stock.set(id, this.available(id) + quantity);
    this.emit('restocked', id);
  }
}

module.exports = { inventory: new Inventory() };
