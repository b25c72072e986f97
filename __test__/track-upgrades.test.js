'use strict';
// Connections that became something else: what they receive is served with a marker, and nothing is left on them.
const test = require('node:test');
const assert = require('node:assert/strict');
const { EventEmitter } = require('node:events');
const { Contexts } = require('../lib/track/contexts.js');
const { Upgrades } = require('../lib/track/upgrades.js');

function setUp() {
  const contexts = new Contexts(() => 'WS /');
  const upgrades = new Upgrades(contexts);
  const connect = () => {
    const socket = new EventEmitter();
    const marker = contexts.create();
    /** @type {any[]} */
    const seen = [];
    socket.on('data', () => seen.push(contexts.current));
    upgrades.serve(socket, marker);
    return { socket, marker, seen };
  };
  return { upgrades, connect };
}

test('each connection is served with its own marker, by a wrapper that all share', () => {
  const { upgrades, connect } = setUp();
  const [one, other] = [connect(), connect()];
  for (const { socket } of [one, other, one]) assert.equal(socket.emit('data', 1), true);
  assert.deepEqual(one.seen, [one.marker, one.marker]);
  assert.deepEqual(other.seen, [other.marker]);
  assert.equal(one.socket.emit, other.socket.emit);
  assert.equal(one.socket.emit.name, 'emit');
  upgrades.stop();
  for (const { socket, seen } of [one, other]) {
    assert.equal(Object.hasOwn(socket, 'emit'), false);
    assert.equal(socket.emit, EventEmitter.prototype.emit);
    socket.emit('data', 2);
    assert.equal(seen.at(-1), undefined);
  }
});

test('what somebody else has put on a connection stays, and is put back', () => {
  const { upgrades, connect } = setUp();
  const { socket, marker, seen } = connect();
  const ours = socket.emit;
  const calls = [];
  socket.emit = function (...args) {
    calls.push(args[0]);
    return Reflect.apply(ours, this, args);
  };
  const theirs = socket.emit;
  socket.emit('data', 1);
  upgrades.stop();
  socket.emit('data', 2);
  assert.equal(socket.emit, theirs);
  assert.deepEqual([calls, seen], [['data', 'data'], [marker, undefined]]);
  // They leave: what they put back does nothing, and is taken out by the next call.
  socket.emit = ours;
  socket.emit('data', 3);
  assert.equal(Object.hasOwn(socket, 'emit'), false);
  assert.equal(seen.at(-1), undefined);
});

test('a wrapper that was there before is called, and put back', () => {
  const { upgrades } = setUp();
  const contexts = new Contexts(() => 'WS /');
  const socket = new EventEmitter();
  let calls = 0;
  const before = function (...args) {
    calls += 1;
    return Reflect.apply(EventEmitter.prototype.emit, this, args);
  };
  socket.emit = before;
  upgrades.serve(socket, contexts.create());
  socket.emit('data', 1);
  assert.equal(calls, 1);
  upgrades.stop();
  assert.equal(socket.emit, before);
});
