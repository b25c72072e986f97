'use strict';
// Everything that leakwatch may patch, property by property, so that what is left of a patch is seen.
const diagnostics = require('node:diagnostics_channel');
const events = require('node:events');
const fs = require('node:fs');
const http = require('node:http');
const http2 = require('node:http2');
const https = require('node:https');
const net = require('node:net');
const timers = require('node:timers');
const timersPromises = require('node:timers/promises');

const patchable = {
  globalThis, timers, timersPromises, events, fs, AbortSignal, AbortController, Error, http, http2, https, net, process,
  promises: fs.promises,
  scheduler: Object.getPrototypeOf(timersPromises.scheduler),
  EventEmitter: events.EventEmitter.prototype,
  EventTarget: EventTarget.prototype,
  ReadStream: fs.ReadStream.prototype,
  WriteStream: fs.WriteStream.prototype,
  Socket: net.Socket.prototype,
  NetServer: net.Server.prototype,
  Server: http.Server.prototype,
  SecureServer: https.Server.prototype,
  IncomingMessage: http.IncomingMessage.prototype,
  ServerResponse: http.ServerResponse.prototype,
  Http2ServerResponse: http2.Http2ServerResponse.prototype,
};
const ACCEPTED = 'net.server.socket';
const FIELDS = ['value', 'get', 'set', 'writable', 'enumerable', 'configurable', 'name', 'length', 'own'];

/** Own properties in order, with the `name`, `length` and own keys of each function. @returns {Map<string, Map<PropertyKey, any>>} */
function photograph() {
  const picture = new Map(Object.entries(patchable).map(([name, object]) => [name, properties(object)]));
  picture.set('listeners of process', new Map(process.eventNames().map((event) => [event, { length: process.listenerCount(event) }])));
  const { hasSubscribers } = diagnostics.channel(ACCEPTED);
  picture.set(ACCEPTED, new Map([['subscribers', { length: hasSubscribers }]]));
  return picture;
}

/** What is not what it was: `fs.open: value`. Values that are no functions may move by themselves. @returns {string[]} */
function differences(before, after) {
  const found = [];
  for (const [name, was] of before) {
    const is = after.get(name);
    if (String([...was.keys()].map(String)) !== String([...is.keys()].map(String))) found.push(`${name}: keys`);
    for (const key of new Set([...was.keys(), ...is.keys()])) {
      const fields = unequalFields(was.get(key) ?? {}, is.get(key) ?? {});
      if (fields.length > 0) found.push(`${name}.${String(key)}: ${fields}`);
    }
  }
  return found;
}

function properties(object) {
  const descriptors = Object.getOwnPropertyDescriptors(object);
  return new Map(Reflect.ownKeys(descriptors).map((key) => {
    const descriptor = descriptors[/** @type {string} */ (key)];
    const { value } = descriptor;
    const own = typeof value === 'function' ? Object.getOwnPropertyDescriptors(value) : {};
    return [key, { ...descriptor, name: own.name?.value, length: own.length?.value, own: String(Reflect.ownKeys(own).map(String)) }];
  }));
}

function unequalFields(was, is) {
  const isFunction = typeof was.value === 'function' || typeof is.value === 'function';
  return FIELDS.filter((field) => !Object.is(was[field], is[field]) && (isFunction || field !== 'value'));
}

// Loading this makes Node replace `process.chdir`.
require('node:worker_threads');
// A first look and a first use make Node define what it defines lazily.
photograph();
new AbortController().abort();

module.exports = { differences, photograph };
