'use strict';

/** The end of a stream: drains it for as long as it lives and keeps only its last characters. */
class Tail {
  #text = '';
  #limit;

  /**
   * @param {import('node:stream').Readable} stream
   * @param {number} [limit] characters kept
   */
  constructor(stream, limit = 16_384) {
    this.#limit = limit;
    stream.setEncoding('utf8');
    stream.on('data', (chunk) => {
      this.#text = (this.#text + chunk).slice(-this.#limit);
    });
    stream.on('error', () => {});
  }

  /** @param {number} lines @returns {string} the last lines, without trailing white space */
  last(lines) {
    return this.#text.trimEnd().split('\n').slice(-lines).join('\n');
  }
}

module.exports = { Tail };
