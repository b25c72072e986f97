'use strict';
const diagnostics = require('node:diagnostics_channel');
const { harmless } = require('./patch.js');

const STARTED = 'http.server.request.start';

/**
 * Requests that are cut off: nobody is told, but their connection closes while a response is under way. One listener
 * for each connection is cheaper than one for each response.
 */
class Connections {
  #onCutOff;
  #known = new WeakSet();
  /** Open ones, so that the listeners can be taken out. @type {Set<WeakRef<any>>} */
  #open = new Set();
  #onRequest = harmless(({ socket }) => this.#watch(socket));
  #onClose;

  /** @param {(request: any, response: any) => void} onCutOff */
  constructor(onCutOff) {
    this.#onCutOff = onCutOff;
    const look = harmless((socket) => this.#closed(socket));
    /** @this {any} */
    this.#onClose = function () {
      look(this);
    };
    diagnostics.subscribe(STARTED, this.#onRequest);
  }

  sweep() {
    for (const ref of this.#open) {
      const socket = ref.deref();
      if (socket === undefined || socket.destroyed) this.#open.delete(ref);
    }
  }

  stop() {
    diagnostics.unsubscribe(STARTED, this.#onRequest);
    for (const ref of this.#open) ref.deref()?.off('close', this.#onClose);
    this.#open.clear();
  }

  #watch(socket) {
    if (this.#known.has(socket)) return;
    this.#known.add(socket);
    this.#open.add(new WeakRef(socket));
    socket.on('close', this.#onClose);
  }

  /** Node leaves the response under way on the socket. */
  #closed({ _httpMessage: response }) {
    if (response && !response.writableFinished) this.#onCutOff(response.req, response);
  }
}

module.exports = { Connections };
