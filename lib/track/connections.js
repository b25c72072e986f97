'use strict';
const { harmless } = require('./patch.js');

/**
 * Requests that are cut off: nobody is told, but their connection closes while a response is under way. One listener
 * for each connection is cheaper than one for each response.
 */
class Connections {
  /** On sockets that are watched: each request looks for it, and looking into a WeakSet takes far longer. */
  #watched = Symbol('leakwatch.connection');
  /** Open ones, so that the listeners can be taken out. @type {Set<WeakRef<any>>} */
  #open = new Set();
  #onClose;

  /** @param {(request: any, response: any) => void} onCutOff */
  constructor(onCutOff) {
    // Node leaves the response under way on the socket.
    const look = harmless(({ _httpMessage: response }) => {
      if (response && !response.writableFinished) onCutOff(response.req, response);
    });
    /** @this {any} */
    this.#onClose = function () {
      look(this);
    };
  }

  /**
   * Whether a request has come in on this connection before.
   * @param {any} socket
   * @returns {boolean}
   */
  has(socket) {
    return socket?.[this.#watched] === true;
  }

  /**
   * The first request has come in.
   * @param {any} socket
   */
  watch(socket) {
    if (!socket) return;
    Object.defineProperty(socket, this.#watched, { value: true, configurable: true });
    this.#open.add(new WeakRef(socket));
    socket.on('close', this.#onClose);
  }

  sweep() {
    for (const ref of this.#open) {
      const socket = ref.deref();
      if (socket === undefined || socket.destroyed) this.#open.delete(ref);
    }
  }

  stop() {
    for (const ref of this.#open) {
      const socket = ref.deref();
      if (socket === undefined) continue;
      socket.off('close', this.#onClose);
      Reflect.deleteProperty(socket, this.#watched);
    }
    this.#open.clear();
  }
}

module.exports = { Connections };
