'use strict';
const diagnostics = require('node:diagnostics_channel');
const { harmless } = require('./patch.js');
const { ACCEPTED } = require('./servers.js');

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
    return this.#alive().flatMap((server) => portOf(server) ?? []);
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

/** @returns {number | undefined} none of a socket of the file system, and of a server that throws when it is asked */
function portOf(server) {
  try {
    return server.address()?.port;
  } catch {
    return undefined; // the application comes first
  }
}

module.exports = { Visitors };
