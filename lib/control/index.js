'use strict';
// The child side of `leakwatch test`: lives in the app's process, answers the parent's commands.
const fs = require('node:fs');
const net = require('node:net');
const { takeSnapshot } = require('../capture.js');
const { createTracker } = require('../track/index.js');
const { Channel } = require('./channel.js');
const { watchForks } = require('./cluster.js');
const { Collections } = require('./collections.js');
const { Inspection } = require('./inspection.js');
const { collect, settle } = require('./collect.js');
const { Gate } = require('./gate.js');
const { readMemory } = require('./memory.js');
const { watchServers } = require('./servers.js');

/**
 * Opens the channel on an inherited descriptor and serves it until the parent is gone.
 * @param {number} descriptor
 */
function start(descriptor) {
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
  const collections = new Collections(inspection);
  return {
    servers: () => ({ servers: servers.list(), forks: forks.seen() }),
    /** The parent has its port: from here on `listen` is the app's own again. */
    ready() {
      servers.stop();
      forks.stop();
    },
    routes: () => tracker.routes(),
    async measure() {
      await settle();
      inspection.forgetConsole();
      await collect();
      // Looking sweeps leakwatch's own tables; what they let go must not count as the app's.
      const resources = tracker.groups();
      await collect();
      return {
        requests: tracker.requests(),
        routes: tracker.routes(),
        atMs: Math.round(performance.now()),
        memory: readMemory(),
        resources,
      };
    },
    startAllocationProfile: () => inspection.startAllocationProfile(),
    writeAllocationProfile({ path }) {
      const profile = inspection.allocationProfile();
      if (profile) fs.writeFileSync(path, JSON.stringify(profile), { mode: 0o600 });
      return Boolean(profile);
    },
    narrow: (opening) => gate.narrow(opening),
    widen: () => gate.widen(),
    handlers: () => inspection.locateHandlers(tracker.handlers()),
    async snapshot({ path }) {
      await settle();
      inspection.forgetConsole();
      await collect();
      // Looking sweeps leakwatch's own tables, and holds what it looks at until its job ends.
      tracker.groups();
      await collect();
      // Inline, so that all of them share object ids; values have no say in what leaks.
      await takeSnapshot({ path, mode: 'inline', redact: true });
      return { requests: tracker.requests(), counted: collections.count() };
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
