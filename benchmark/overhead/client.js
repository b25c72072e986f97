'use strict';
// Sends requests over a few keep-alive connections, each as soon as the last one is answered, and counts; or opens
// WebSockets and lets them be.
const { randomBytes } = require('node:crypto');
const net = require('node:net');

const jobs = { load, open };
process.on('message', async ({ job, ...options }) => process.send(await jobs[job](options)));
process.on('disconnect', () => process.exit());

async function load({ port, connections, durationMs }) {
  const latencies = [];
  const until = performance.now() + durationMs;
  await Promise.all(Array.from({ length: connections }, () => connection(port, until, latencies)));
  latencies.sort((a, b) => a - b);
  return { requests: latencies.length, perSecond: (latencies.length * 1000) / durationMs, p99Ms: latencies[Math.floor(latencies.length * 0.99)] };
}

function connection(port, until, latencies) {
  return new Promise((resolve, reject) => {
    const request = 'GET /items/7 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n';
    let sent = 0;
    const answer = new Answer();
    const socket = net.connect(port, '127.0.0.1', send);
    socket.setNoDelay(true).on('error', reject).on('data', (data) => {
      if (!answer.isWhole(data)) return;
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

/** One answer after another, told apart by their length. */
class Answer {
  #head = '';
  #left = 0;

  /** @param {Buffer} data the next piece */
  isWhole(data) {
    if (this.#left > 0) return (this.#left -= data.length) === 0;
    this.#head += data.toString('latin1');
    const end = this.#head.indexOf('\r\n\r\n');
    if (end === -1) return false;
    const [, status, length] = /^HTTP\/1\.1 (\d+)[^]*?\r\nContent-Length: (\d+)/i.exec(this.#head) ?? [];
    if (status !== '200') throw new Error(`unexpected answer: ${this.#head.slice(0, 200)}`);
    this.#left = Number(length) - (this.#head.length - end - 4);
    this.#head = '';
    return this.#left === 0;
  }
}

async function open({ port, sockets }) {
  for (let n = 0; n < sockets; n += 100) await Promise.all(Array.from({ length: Math.min(100, sockets - n) }, () => webSocket(port)));
  return { sockets };
}

function webSocket(port) {
  return new Promise((resolve, reject) => {
    const key = randomBytes(16).toString('base64');
    const socket = net.connect(port, '127.0.0.1', () => {
      socket.write(`GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`);
    });
    socket.on('error', reject).once('data', resolve);
  });
}
