'use strict';
const diagnostics = require('node:diagnostics_channel');
const { harmless } = require('./patch.js');

/** A server has accepted a connection. */
const ACCEPTED = 'net.server.socket';

/** The connections that are open to the servers of this thread. Each counts its own; a server is met when it accepts one. */
class Visitors {
  /** @type {Set<WeakRef<import('node:net').Server>>} */
  #servers = new Set();
  /** @type {WeakSet<object>} */
  #known = new WeakSet();
  #meet = harmless(({ socket: { server } }) => {
    if (!server || this.#known.has(server)) return;
    this.#known.add(server);
    this.#servers.add(new WeakRef(server));
  });

  constructor() {
    diagnostics.subscribe(ACCEPTED, this.#meet);
  }

  /** How many are open now. */
  get count() {
    // Not `getConnections`, which would ask the processes that the server's connections were sent to.
    return this.#alive().reduce((count, { _connections }) => count + (Number(_connections) || 0), 0);
  }

  /** On which they come, as far as these have numbers. @returns {number[]} */
  get ports() {
    const addresses = this.#alive().map((server) => server.address());
    return addresses.filter((address) => typeof address === 'object' && address !== null).map(({ port }) => port);
  }

  /** Those that were not collected. @returns {any[]} */
  #alive() {
    for (const ref of this.#servers) {
      if (!ref.deref()) this.#servers.delete(ref);
    }
    return [...this.#servers].map((ref) => ref.deref()).filter(Boolean);
  }

  stop() {
    diagnostics.unsubscribe(ACCEPTED, this.#meet);
    this.#servers.clear();
  }
}

module.exports = { Visitors };
