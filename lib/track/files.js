'use strict';
const fs = require('node:fs');
const { fileURLToPath } = require('node:url');
const { classOf } = require('./class-of.js');
const { Ledger } = require('./ledger.js');
const { observe, patch } = require('./patch.js');

/**
 * Open file descriptors: by `fs.open`, `openSync`, `promises.open` and file streams, until they are closed.
 * @param {import('./recorder.js').Recorder} recorder
 */
function trackFiles(recorder) {
  const descriptors = new Descriptors(recorder);
  const handles = new Ledger(recorder.table, (handle) => handle.fd !== -1);
  const undo = [
    observe(fs, 'openSync', (fd, [path]) => descriptors.opened(fd, path)),
    patch(fs, 'open', (original, state) => openWithCallback(original, state, descriptors)),
    observe(fs, 'close', (_, [fd]) => descriptors.closed(fd)),
    observe(fs, 'closeSync', (_, [fd]) => descriptors.closed(fd)),
    patch(fs.promises, 'open', (original, state) => openWithPromise(original, state, handles, recorder)),
    ...rememberStreams(fs.ReadStream.prototype, descriptors),
    ...rememberStreams(fs.WriteStream.prototype, descriptors),
  ];
  return {
    sweep: () => handles.sweep(),
    stop() {
      for (const restore of undo.reverse()) restore();
      handles.clear();
      descriptors.clear();
    },
  };
}

/** Open descriptors by number: the system never gives a number twice. */
class Descriptors {
  #recorder;
  /** @type {Map<number, number>} */
  #open = new Map();
  /** @type {WeakMap<object, number>} */
  #sites = new WeakMap();
  /** @type {object | undefined} */
  #opening;

  constructor(recorder) {
    this.#recorder = recorder;
  }

  /** Who asks for the descriptor that is opened now: for a stream the stream, where it was made. */
  asking() {
    const stream = this.#opening;
    const site = (stream && this.#sites.get(stream)) ?? this.#recorder.site();
    return { site, owner: this.#recorder.owner(), holder: stream && classOf(stream) };
  }

  opened(fd, path, asking = this.asking()) {
    this.closed(fd);
    const id = this.#recorder.add('file', nameOf(path), asking);
    if (id !== 0) this.#open.set(fd, id);
  }

  closed(fd) {
    const id = this.#open.get(fd);
    if (id === undefined) return;
    this.#open.delete(fd);
    this.#recorder.table.remove([id]);
  }

  streamMade(stream) {
    if (!this.#sites.has(stream)) this.#sites.set(stream, this.#recorder.site());
  }

  /** Runs `open`, which opens the stream's descriptor. */
  openStream(stream, open) {
    this.#opening = stream;
    try {
      return open();
    } finally {
      this.#opening = undefined;
    }
  }

  clear() {
    this.#recorder.table.remove([...this.#open.values()]);
    this.#open.clear();
  }
}

function openWithCallback(original, state, descriptors) {
  return {
    wrapper(...args) {
      const callback = args.at(-1);
      if (!state.active || typeof callback !== 'function') return Reflect.apply(original, this, args);
      const asking = descriptors.asking();
      args[args.length - 1] = function (...results) {
        if (state.active && typeof results[1] === 'number') descriptors.opened(results[1], args[0], asking);
        return Reflect.apply(callback, this, results);
      };
      return Reflect.apply(original, this, args);
    },
  }.wrapper;
}

/** The caller gets a promise that settles as the original's does: a rejection nobody handles stays one. */
function openWithPromise(original, state, handles, recorder) {
  return {
    wrapper(...args) {
      if (!state.active) return Reflect.apply(original, this, args);
      const asking = { site: recorder.site(), owner: recorder.owner(), holder: 'FileHandle' };
      return Reflect.apply(original, this, args).then((handle) => {
        handles.add(handle, recorder.add('file', nameOf(args[0]), asking));
        return handle;
      });
    },
  }.wrapper;
}

/**
 * A stream opens its descriptor one tick after it was made. Its constructor calls `once` on itself (`_construct` is
 * announced this way), which is the moment to take the site, for streams made by any means, subclasses too.
 */
function rememberStreams(prototype, descriptors) {
  return [
    patch(prototype, 'once', (original, state) => {
      return {
        wrapper(...args) {
          if (state.active && typeof args[0] === 'symbol') descriptors.streamMade(this);
          return Reflect.apply(original, this, args);
        },
      }.wrapper;
    }),
    patch(prototype, '_construct', (original, state) => {
      return {
        wrapper(...args) {
          if (!state.active) return Reflect.apply(original, this, args);
          return descriptors.openStream(this, () => Reflect.apply(original, this, args));
        },
      }.wrapper;
    }),
  ];
}

function nameOf(path) {
  if (path instanceof URL) return fileURLToPath(path);
  return typeof path === 'string' || Buffer.isBuffer(path) ? path.toString() : '(unknown)';
}

module.exports = { trackFiles };
