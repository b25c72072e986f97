'use strict';
const { randomUUID } = require('node:crypto');
const { Router } = require('express');
const { Cart } = require('../lib/cart.js');
const { findProduct } = require('../lib/catalog.js');

const router = Router();

router.post('/', async (request, response) => {
  const { product: id, quantity = 1 } = request.body;
  const product = await findProduct(id);
  const cart = new Cart(randomUUID());
  cart.add(product, quantity);
  response.status(201).json({ id: cart.id, items: cart.items, total: cart.total });
});

module.exports = router;
