'use strict';
// argv: ws | socket.io
const { once } = require('node:events');
const http = require('node:http');
const { forget, report } = require('./drive.js');

async function ws(server) {
  const { WebSocket, WebSocketServer } = require('ws');
  new WebSocketServer({ server, path: '/game' }).on('connection', (socket) => {
    socket.on('message', (data) => {
      forget(); // long after the request
      socket.send(String(data));
    });
  });
  const port = await listen(server);
  for (let n = 0; n < 3; n++) {
    const client = new WebSocket(`ws://127.0.0.1:${port}/game?n=${n}`);
    await once(client, 'open');
    client.send('hello');
    await once(client, 'message');
    client.close();
    await once(client, 'close');
  }
}

async function socketIo(server) {
  const { Server } = require('socket.io');
  const { io: connect } = require('socket.io-client');
  new Server(server).on('connection', (socket) => {
    forget();
    socket.on('question', (answer) => answer('yes'));
  });
  const port = await listen(server);
  for (let n = 0; n < 3; n++) {
    const client = connect(`http://127.0.0.1:${port}`, { transports: ['websocket'], forceNew: true });
    await client.emitWithAck('question');
    client.close();
  }
}

async function listen(server) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server.address().port;
}

const server = http.createServer((request, response) => response.end());
(process.argv[2] === 'ws' ? ws : socketIo)(server).then(report);
