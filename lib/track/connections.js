'use strict';
const { harmless } = require('./patch.js');

/** Contexts followed at once on one connection: not every response that a server is given by hand ever tells that it is finished. */
const MAX_MARKED = 64;

/** Of what is under way on a connection: what has a context, in the order in which it came. Node holds these responses as long. */
class Connection {
  /** @type {{ response: object, marker: Marker }[]} */
  marked = [];
}

/**
 * Connections of http and https: the contexts of what is under way on them, and requests that are cut off. Nobody is told of
 * those, but their connection closes while a response is under way. One listener for each connection is cheaper than one for
 * each response, and so is keeping the contexts here than in a WeakMap by response (`benchmark/overhead`, Node 24).
 */
class Connections {
  /** On sockets that are watched: each request looks for it, and looking into a WeakMap takes far longer. */
  #watched = Symbol('leakwatch.connection');
  /** Open ones, so that the listeners can be taken out. @type {Set<WeakRef<any>>} */
  #open = new Set();
  #onClose;

  /** @param {(request: any, response: any, marker: Marker | undefined) => void} onCutOff */
  constructor(onCutOff) {
    const look = harmless((socket) => {
      const { _httpMessage: response } = socket; // Node leaves the response under way on the socket
      const marker = this.take(socket, response);
      this.#forget(socket); // nothing will be heard of those that wait for their turn
      if (response && !response.writableFinished) onCutOff(response.req, response, marker);
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
    return this.#of(socket) !== undefined;
  }

  /**
   * The first request has come in.
   * @param {any} socket
   */
  watch(socket) {
    if (!socket) return;
    Object.defineProperty(socket, this.#watched, { value: new Connection(), configurable: true });
    this.#open.add(new WeakRef(socket));
    socket.on('close', this.#onClose);
  }

  /**
   * What a response answers is served in a context.
   * @param {any} socket watched
   * @param {object} response
   * @param {Marker} marker
   */
  mark(socket, response, marker) {
    const connection = this.#of(socket);
    if (connection === undefined) return;
    connection.marked.push({ response, marker });
    if (connection.marked.length > MAX_MARKED) connection.marked.shift();
  }

  /**
   * The context of what a response has answered, which is over.
   * @param {any} socket
   * @param {object} response
   * @returns {Marker | undefined}
   */
  take(socket, response) {
    const connection = this.#of(socket);
    return connection === undefined || connection.marked.length === 0 ? undefined : takeFrom(connection, response);
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

  #forget(socket) {
    this.#of(socket)?.marked.splice(0);
  }

  /** @returns {Connection | undefined} */
  #of(socket) {
    return socket?.[this.#watched];
  }
}

/**
 * Takes it out where it is: a new list in the place of one that is old would leave the old one, dead, in V8's old generation,
 * where what it refers to lives on through minor collections, and grows old, too.
 * @param {Connection} connection
 * @param {object} response
 */
function takeFrom({ marked }, response) {
  const at = marked.findIndex((entry) => entry.response === response);
  return at === -1 ? undefined : marked.splice(at, 1)[0].marker;
}

module.exports = { Connections };

/** @typedef {import('./contexts.js').LeakWatchRequest} Marker */
