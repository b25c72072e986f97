'use strict';
const { randomUUID } = require('node:crypto');
const { Router } = require('express');
const outbox = require('../lib/outbox.js');

const router = Router();

router.post('/', (request, response) => {
  const order = { id: randomUUID(), ...request.body };
  outbox.enqueue({ to: order.customer, subject: `Your order ${order.id}`, body: `Thank you! We are packing ${order.product}.` });
  response.status(202).json({ id: order.id });
});

module.exports = router;
