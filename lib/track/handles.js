'use strict';
const { createHook, executionAsyncId } = require('node:async_hooks');
const { trackCheckouts } = require('./checkouts.js');
const { harmless } = require('./patch.js');

/** A connection that takes longer is reported before it has an endpoint. */
const CONNECT_MS = 10_000;
/** Connections without an endpoint yet that are remembered at once. */
const MAX_REMEMBERED = 65_536;

/** What Node calls them inside, and what people know them as. */
const NAMES = new Map([
  ['DIRHANDLE', 'Dir'],
  ['DNSCHANNEL', 'Resolver'],
  ['FSEVENTWRAP', 'FSWatcher'],
  ['HTTP2SESSION', 'Http2Session'],
  ['HTTP2STREAM', 'Http2Stream'],
  ['HTTPCLIENTREQUEST', 'ClientRequest'],
  ['MESSAGEPORT', 'MessagePort'],
  ['PIPESERVERWRAP', 'Server'],
  ['PIPEWRAP', 'Pipe'],
  ['PROCESSWRAP', 'ChildProcess'],
  ['SIGNALWRAP', 'Signal'],
  ['STATWATCHER', 'StatWatcher'],
  ['TCPSERVERWRAP', 'Server'],
  ['TCPWRAP', 'Socket'],
  ['TLSWRAP', 'TLSSocket'],
  ['TTYWRAP', 'TTY'],
  ['UDPWRAP', 'dgram.Socket'],
  ['WORKER', 'Worker'],
  ['ZLIB', 'Zlib'],
]);

/**
 * Handles that are open: watchers, sockets, servers, workers, child processes, ports, compressors; and the connections
 * that a pool has handed out.
 * @param {import('./recorder.js').Recorder} recorder
 */
function trackHandles(recorder) {
  const handles = new Handles(recorder);
  const checkouts = trackCheckouts(recorder);
  const hook = createHook({
    // What a hook throws ends the process.
    init: harmless((...created) => handles.opened(...created)),
    destroy: harmless((asyncId) => handles.closed(asyncId)),
  }).enable();
  return {
    sweep() {
      handles.nameSockets();
      checkouts.sweep();
    },
    stop() {
      hook.disable();
      handles.clear();
      checkouts.stop();
    },
  };
}

class Handles {
  #recorder;
  /** Numbers in the table by async id. @type {Map<number, number>} */
  #open = new Map();
  /** Connections whose endpoint is not known yet. @type {Map<number, Connection>} */
  #unnamed = new Map();

  constructor(recorder) {
    this.#recorder = recorder;
  }

  opened(asyncId, type, _, resource) {
    const name = NAMES.get(type);
    if (name === undefined) return;
    const made = { site: this.#recorder.site(), owner: this.#recorder.owner(), createdMs: this.#recorder.now() };
    if (name === 'Socket') {
      if (this.#unnamed.size >= MAX_REMEMBERED) return this.#recorder.drop();
      const incoming = executionAsyncId() === 0; // no JavaScript runs when a server accepts one
      this.#unnamed.set(asyncId, { handle: new WeakRef(resource), incoming, made });
      return;
    }
    this.#record(asyncId, name === 'Worker' ? 'worker' : 'handle', name, made);
  }

  closed(asyncId) {
    this.#unnamed.delete(asyncId);
    const id = this.#open.get(asyncId);
    if (id === undefined) return;
    this.#open.delete(asyncId);
    this.#recorder.table.remove([id]);
  }

  /** A connection knows its endpoint only once it is made. */
  nameSockets() {
    for (const [asyncId, { handle, incoming, made }] of this.#unnamed) {
      const isLate = this.#recorder.now() - made.createdMs > CONNECT_MS;
      const endpoint = endpointOf(handle.deref(), incoming) ?? (isLate ? '(connecting)' : undefined);
      if (endpoint === undefined) continue;
      this.#unnamed.delete(asyncId);
      this.#record(asyncId, 'socket', endpoint, { ...made, holder: 'Socket' });
    }
  }

  clear() {
    this.#recorder.table.remove([...this.#open.values()]);
    this.#open.clear();
    this.#unnamed.clear();
  }

  #record(asyncId, kind, name, made) {
    const id = this.#recorder.add(kind, name, made);
    if (id !== 0) this.#open.set(asyncId, id);
  }
}

/** `127.0.0.1:5432` for a connection of ours, `:3000 (incoming)` for one of theirs; nothing until it is made. */
function endpointOf(handle, incoming) {
  const found = {};
  try {
    if (incoming ? handle?.getsockname(found) : handle?.getpeername(found)) return undefined;
  } catch {
    return undefined;
  }
  if (found.port === undefined) return undefined;
  if (incoming) return `:${found.port} (incoming)`;
  return found.family === 'IPv6' ? `[${found.address}]:${found.port}` : `${found.address}:${found.port}`;
}

/** @typedef {{ handle: WeakRef<any>, incoming: boolean, made: { site: number, owner: number | null, createdMs: number } }} Connection */

module.exports = { trackHandles };
