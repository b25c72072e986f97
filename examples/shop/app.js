'use strict';
const express = require('express');

function createApp() {
  const app = express();
  app.disable('x-powered-by');
  app.use(express.json());

  app.use(require('./routes/account.js'));
  app.use('/products', require('./routes/products.js'));
  app.use('/carts', require('./routes/carts.js'));
  app.use('/orders', require('./routes/orders.js'));

  // Express tells an error handler by its four parameters.
  app.use((error, request, response, _next) => {
    response.status(error.status ?? 500).json({ error: error.message });
  });
  return app;
}

module.exports = { createApp };
