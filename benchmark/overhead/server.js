'use strict';
// One Express server. argv: bare | empty | watch | all
const express = require('express');

const variant = process.argv[2];
const app = express();
if (variant === 'empty') app.use((req, res, next) => next());
if (variant === 'watch') app.use(require('leakwatch')());
if (variant === 'all') app.use(require('leakwatch')({ track: 'all' }));
app.get('/items/:id', (req, res) => res.json({ id: req.params.id }));
const server = app.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));

process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send({ rss: process.memoryUsage.rss(), cpuMs: (user + system) / 1000 });
});
