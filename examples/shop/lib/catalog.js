'use strict';
const { LruCache } = require('./lru-cache.js');

const CATALOG_SIZE = 5000;
const cache = new LruCache(300);

/** Products come from a slow place, so the ones in demand are kept. */
async function findProduct(id) {
  const number = Number(id) % CATALOG_SIZE;
  if (Number.isNaN(number)) return undefined;
  const cached = cache.get(number);
  if (cached) return cached;
  const product = await loadProduct(number);
  cache.set(number, product);
  return product;
}

async function loadProduct(number) {
  return { id: number, name: `Product ${number}`, cents: 500 + ((number * 37) % 9500), tags: ['shop', `shelf-${number % 40}`] };
}

module.exports = { findProduct };
