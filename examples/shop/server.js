'use strict';
const { createApp } = require('./app.js');

const port = Number(process.env.PORT) || 3000;

createApp().listen(port, '127.0.0.1', () => console.log(`shop listens on http://127.0.0.1:${port}`));
