'use strict';
// Sends requests over a few keep-alive connections, each as soon as the last one is answered, and counts.
const net = require('node:net');

process.on('message', async ({ port, connections, durationMs }) => {
  const latencies = [];
  const until = performance.now() + durationMs;
  await Promise.all(Array.from({ length: connections }, () => connection(port, until, latencies)));
  latencies.sort((a, b) => a - b);
  process.send({ perSecond: (latencies.length * 1000) / durationMs, p99Ms: latencies[Math.floor(latencies.length * 0.99)] });
});

function connection(port, until, latencies) {
  return new Promise((resolve, reject) => {
    const request = 'GET /items/7 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n';
    let sent = 0;
    const socket = net.connect(port, '127.0.0.1', send);
    socket.setNoDelay(true).on('error', reject).on('data', (data) => {
      // The answer is small and comes in one piece.
      if (!data.includes('{"id":"7"}')) return reject(new Error(`unexpected answer: ${data}`));
      const now = performance.now();
      latencies.push(now - sent);
      if (now < until) return send();
      socket.end();
      resolve();
    });
    function send() {
      sent = performance.now();
      socket.write(request);
    }
  });
}
