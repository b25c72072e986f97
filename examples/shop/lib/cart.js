'use strict';
const { findProduct } = require('./catalog.js');

const REFRESH_MS = 60_000;

/** A cart's prices follow the catalog for as long as the customer shops. */
class Cart {
  constructor(id) {
    this.id = id;
    this.items = [];
    setInterval(() => this.refreshPrices(), REFRESH_MS);
  }

  add(product, quantity) {
    this.items.push({ product: product.id, cents: product.cents, quantity });
  }

  async refreshPrices() {
    for (const item of this.items) {
      const product = await findProduct(item.product);
      item.cents = product.cents;
    }
  }

  get total() {
    return this.items.reduce((sum, item) => sum + item.cents * item.quantity, 0);
  }
}

module.exports = { Cart };
