'use strict';
const { harmless } = require('./patch.js');

/**
 * Requests that are cut off: nobody is told, but their connection closes while a response is under way. One listener
 * for each connection is cheaper than one for each response.
 */
class Connections {
  #known = new WeakSet();
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
   * A request has come in.
   * @param {any} socket
   */
  watch(socket) {
    if (!socket || this.#known.has(socket)) return;
    this.#known.add(socket);
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
    for (const ref of this.#open) ref.deref()?.off('close', this.#onClose);
    this.#open.clear();
  }
}

module.exports = { Connections };
