'use strict';
const http = require('node:http');
const https = require('node:https');
const { patch } = require('../track/patch.js');
const { routeOfRequest } = require('./route-of-request.js');

/**
 * Lets the app get requests of one route only; the others are answered 503 before it sees them. What stays after
 * such a round is that route's: an experiment where stacks tell nothing.
 */
class Gate {
  /** @type {(() => void)[]} */
  #undo = [];

  /**
   * @param {object} opening
   * @param {string[]} opening.routes all that were seen, as the tracker names them
   * @param {string} opening.only the one to let through
   * @param {number} opening.port of the server that is narrowed
   */
  narrow({ routes, only, port }) {
    this.widen();
    const isRefused = (server, request, protocol) => {
      return server.address()?.port === port && routeOfRequest(routes, request, protocol) !== only;
    };
    this.#undo = [http.Server.prototype, https.Server.prototype].map((prototype) =>
      patch(prototype, 'emit', (original, state) => refusing(original, state, isRefused)),
    );
  }

  /** Lets everything through again. */
  widen() {
    for (const restore of this.#undo.reverse()) restore();
    this.#undo = [];
  }
}

function refusing(original, state, isRefused) {
  return {
    wrapper(...args) {
      const [event, request, answer] = args;
      if (state.active && event === 'request' && isRefused(this, request)) return refuse(request, answer);
      if (state.active && event === 'upgrade' && isRefused(this, request, 'upgrade')) return answer.destroy();
      return Reflect.apply(original, this, args);
    },
  }.wrapper;
}

function refuse(request, response) {
  request.resume();
  response.writeHead(503, { 'content-type': 'text/plain' });
  response.end('leakwatch test sends one route at a time for a moment\n');
  return true;
}

module.exports = { Gate };
