'use strict';
const { EventEmitter } = require('node:events');
const fs = require('node:fs');
const http = require('node:http');
const net = require('node:net');
const stream = require('node:stream');
const zlib = require('node:zlib');
const { Candidates } = require('./candidates.js');
const { Ledger } = require('./ledger.js');
const { observe } = require('./patch.js');

/** Streams that are told as something else: connections, requests, files, compressors. */
const TOLD = [net.Socket, http.IncomingMessage, fs.ReadStream, fs.WriteStream];
/** @type {Set<unknown>} */
const COMPRESSORS = new Set(Object.values(zlib).filter((made) => typeof made === 'function'));

/**
 * Streams neither ended nor destroyed, and HTTP agents. All of them are event emitters, and made known when they are
 * initialised.
 * @param {import('./recorder.js').Recorder} recorder
 * @param {number} collections major ones after which what is alive counts
 */
function trackStreams(recorder, collections) {
  const ledger = new Ledger(recorder.table, isOpen);
  /** @type {Candidates<Made>} */
  const candidates = new Candidates(collections, ({ ref, kind, name, made }) => {
    const subject = ref.deref();
    if (subject && isOpen(subject)) ledger.add(subject, recorder.add(kind, name, made));
  });
  const restore = observe(EventEmitter, 'init', (_, __, emitter) => {
    const kind = kindOf(emitter);
    if (kind === undefined) return;
    const made = { site: recorder.site(), owner: recorder.owner(), createdMs: recorder.now() };
    candidates.offer({ ref: new WeakRef(emitter), kind, name: emitter.constructor.name || 'Stream', made });
  });
  return {
    sweep: () => ledger.sweep(),
    collected: () => candidates.collected(),
    stop() {
      restore();
      candidates.clear();
      ledger.clear();
    },
  };
}

function kindOf(emitter) {
  if (emitter instanceof http.Agent) return 'handle';
  const isStream = emitter instanceof stream.Readable || emitter instanceof stream.Writable;
  if (!isStream || TOLD.some((told) => emitter instanceof told) || COMPRESSORS.has(emitter.constructor)) return undefined;
  return 'stream';
}

/** An agent has no end of its own. */
function isOpen(emitter) {
  return emitter instanceof http.Agent || emitter.readable === true || emitter.writable === true;
}

module.exports = { trackStreams };

/** @typedef {{ ref: WeakRef<any>, kind: string, name: string, made: { site: number, owner: number | null, createdMs: number } }} Made */
