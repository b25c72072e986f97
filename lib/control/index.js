'use strict';
// The child side of `leakwatch test`: lives in the app's process, answers the parent's commands.
const net = require('node:net');
const { createTracker } = require('../track/index.js');
const { beUnderTest } = require('../under-test.js');
const { Channel } = require('./channel.js');
const { watchForks } = require('./cluster.js');
const { Gate } = require('./gate.js');
const { Heap } = require('./heap.js');
const { Inspection } = require('./inspection.js');
const { readMemory } = require('./memory.js');
const { watchServers } = require('./servers.js');
const { Workers } = require('./workers.js');

/**
 * Opens the channel on an inherited descriptor and serves it until the parent is gone.
 * @param {number} descriptor
 */
function start(descriptor) {
  beUnderTest();
  const socket = new net.Socket({ fd: descriptor, readable: true, writable: true });
  // The app decides how long its process lives, not the channel.
  socket.unref();
  const channel = new Channel(socket);
  const servers = watchServers();
  const forks = watchForks();
  // Here knowing more is worth what it costs.
  const tracker = createTracker({ stacks: true, timers: true, listeners: true, handles: true, files: true, streams: true, requests: true });
  tracker.start();
  const commands = createCommands(servers, forks, tracker, new Inspection());

  channel.on('message', (message) => answer(channel, commands, message));
  channel.on('close', endProcess);
}

function createCommands(servers, forks, tracker, inspection) {
  const gate = new Gate();
  const workers = new Workers();
  const heap = new Heap(inspection, () => tracker.groups());
  return {
    servers: () => ({ servers: servers.list(), forks: forks.seen() }),
    /** The parent has its port: from here on `listen` is the app's own again. */
    ready() {
      servers.stop();
      forks.stop();
    },
    routes: () => tracker.routes(),
    async measure() {
      const inWorkers = await workers.ask('measure');
      await heap.tidy();
      return {
        requests: tracker.requests(),
        routes: tracker.routes(),
        atMs: Math.round(performance.now()),
        memory: readMemory(),
        workers: inWorkers.map(({ result: memory, ...worker }) => ({ ...worker, memory })),
        resources: tracker.groups(),
      };
    },
    async startAllocationProfile() {
      await workers.ask('startAllocationProfile');
      return heap.startAllocationProfile();
    },
    /** `workers`: the same for some worker threads, by their ids. */
    async writeAllocationProfile({ path, workers: some }) {
      return { written: heap.writeAllocationProfile({ path }), workers: await workers.askSome('writeAllocationProfile', some) };
    },
    narrow: (opening) => gate.narrow(opening),
    widen: () => gate.widen(),
    handlers: () => inspection.locateHandlers(tracker.handlers()),
    async snapshot({ path, workers: some }) {
      const ofWorkers = await workers.askSome('snapshot', some);
      const taken = await heap.snapshot({ path });
      return { requests: tracker.requests(), ...taken, workers: ofWorkers };
    },
    /** A normal exit lets the app remove what it made; the parent ends the rest of the group. */
    exit: () => process.exit(0),
  };
}

async function answer(channel, commands, { id, command, ...parameters }) {
  try {
    channel.send({ id, result: await commands[command](parameters) });
  } catch (error) {
    channel.send({ id, error: error instanceof Error ? error.message : String(error) });
  }
}

/** The parent is gone: neither this process nor what it started may outlive it. */
function endProcess() {
  process.once('exit', () => {
    // The parent made this process the leader of a group of its own.
    if (process.platform !== 'win32') process.kill(0, 'SIGKILL');
  });
  process.exit(1);
}

module.exports = { start };
