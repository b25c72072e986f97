'use strict';
// Sends requests over a few keep-alive connections to each server, each as soon as the last one is answered, and counts; or
// opens WebSockets and lets them be.
//
// It never sleeps while it sends. Whoever writes to a process that sleeps on another core pays for waking it, on a virtual machine
// up to a quarter of what an empty route takes, and the slower a server, the more often its client sleeps: a difference would
// count twice. Clients on other machines are woken by their own kernel.
const { randomBytes } = require('node:crypto');
const net = require('node:net');

const REQUEST = 'GET /items/7 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n';

const jobs = { load, open };
process.on('message', async ({ job, ...options }) => process.send(await jobs[job](options)));
process.on('disconnect', () => process.exit());

/** Connections to each server, kept open between its rounds. @type {Map<number, Connection[]>} */
const kept = new Map();

async function load({ port, connections, durationMs }) {
  if (!kept.has(port)) kept.set(port, await Promise.all(Array.from({ length: connections }, () => Connection.to(port))));
  const latencies = [];
  const from = performance.now();
  const rest = stayAwake();
  await Promise.all(kept.get(port).map((connection) => connection.load(from + durationMs, latencies)));
  rest();
  const seconds = (performance.now() - from) / 1000;
  latencies.sort((a, b) => a - b);
  return { requests: latencies.length, perSecond: latencies.length / seconds, p99Ms: latencies[Math.floor(latencies.length * 0.99)] };
}

/** With an immediate at hand the event loop asks the kernel for what is new, and does not wait for it. @returns {() => void} ends it */
function stayAwake() {
  let next = setImmediate(function again() {
    next = setImmediate(again);
  });
  return () => clearImmediate(next);
}

/** Asks again as soon as it is answered. */
class Connection {
  #socket;
  #answer = new Answer();
  #sent = 0;
  #until = 0;
  #latencies = [];
  #done = () => {};

  /** @param {number} port @returns {Promise<Connection>} */
  static to(port) {
    return new Promise((resolve, reject) => {
      const socket = net.connect(port, '127.0.0.1', () => resolve(new Connection(socket)));
      socket.setNoDelay(true).on('error', reject);
    });
  }

  constructor(socket) {
    this.#socket = socket;
    socket.on('data', (data) => this.#answer.isWhole(data) && this.#answered());
  }

  /** @param {number} until @param {number[]} latencies are added to, in milliseconds @returns {Promise<void>} */
  load(until, latencies) {
    this.#until = until;
    this.#latencies = latencies;
    this.#ask();
    return new Promise((resolve) => (this.#done = resolve));
  }

  #ask() {
    this.#sent = performance.now();
    this.#socket.write(REQUEST);
  }

  #answered() {
    const now = performance.now();
    this.#latencies.push(now - this.#sent);
    if (now < this.#until) this.#ask();
    else this.#done();
  }
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
