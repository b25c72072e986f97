'use strict';
const { EventEmitter } = require('node:events');

/**
 * JSON messages, one a line, over a duplex stream. Both ends of the private control channel use it.
 * Emits 'message' with each parsed line and 'close' once the other end is gone.
 */
class Channel extends EventEmitter {
  #stream;
  #rest = '';

  /** @param {import('node:stream').Duplex} stream */
  constructor(stream) {
    super();
    this.#stream = stream;
    stream.setEncoding('utf8');
    stream.on('data', (text) => this.#read(text));
    // A broken pipe is how the other end's death shows; 'close' follows and says so once.
    stream.on('error', () => {});
    stream.on('end', () => stream.destroy());
    stream.on('close', () => this.emit('close'));
  }

  /** @param {object} message */
  send(message) {
    if (this.#stream.writable) this.#stream.write(`${JSON.stringify(message)}\n`);
  }

  close() {
    this.#stream.destroy();
  }

  #read(text) {
    const lines = (this.#rest + text).split('\n');
    this.#rest = /** @type {string} */ (lines.pop());
    for (const line of lines) this.emit('message', JSON.parse(line));
  }
}

module.exports = { Channel };
