'use strict';
const http = require('node:http');
const https = require('node:https');
const net = require('node:net');
const { observe } = require('../track/patch.js');

/**
 * @typedef {object} ServerInfo
 * @property {number} port
 * @property {string} address what it is bound to, such as '::' or '127.0.0.1'
 * @property {'http' | 'https' | 'tcp'} protocol
 * @property {'app' | 'http' | 'tcp'} kind 'app': its request listener is an Express or Connect app
 */

/**
 * Notices every server that this process lets listen on a TCP port, in order.
 * @returns {{ list(): ServerInfo[], stop(): void }} `stop` puts the original `listen` back
 */
function watchServers() {
  /** @type {Set<net.Server>} */
  const servers = new Set();
  const restore = observe(net.Server.prototype, 'listen', (_, __, server) => {
    server.once('listening', () => servers.add(server));
  });

  return {
    list: () => [...servers].filter((server) => isTcp(server.address())).map(describe),
    stop() {
      restore();
      servers.clear();
    },
  };
}

/** @returns {ServerInfo} */
function describe(server) {
  const { port, address } = server.address();
  const protocol = server instanceof https.Server ? 'https' : server instanceof http.Server ? 'http' : 'tcp';
  const kind = protocol === 'tcp' ? 'tcp' : server.listeners('request').some(isApp) ? 'app' : 'http';
  return { port, address, protocol, kind };
}

/** Express and Connect apps are request listeners that have routes or middleware of their own. */
function isApp(listener) {
  return typeof listener.handle === 'function' && typeof listener.use === 'function';
}

/** A pipe's address is a string; a server that was closed meanwhile has none. */
function isTcp(address) {
  return typeof address === 'object' && address !== null;
}

module.exports = { watchServers };
