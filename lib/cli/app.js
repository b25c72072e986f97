'use strict';
const { spawn, spawnSync } = require('node:child_process');
const net = require('node:net');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { LeakWatchError } = require('../errors.js');
const { Channel } = require('../control/channel.js');
const { CLUSTER_WORKER, CONTROL_FD } = require('../control/protocol.js');
const { Tail } = require('./tail.js');

const REGISTER = path.join(__dirname, '..', 'register.js');
const CONTROL_DESCRIPTOR = 3;
const EXIT_GRACE_MS = 1500;
const OUTPUT_LINES = 20;

/**
 * @typedef {object} Launch
 * @property {string} node path of the Node.js that runs the app
 * @property {string[]} nodeArgs
 * @property {string} entry
 * @property {string[]} args
 * @property {boolean} [asWorker] it shall take itself for a cluster worker
 */

/** The app under test: its process, the control channel into it and the end of what it printed. */
class App {
  #child;
  #channel;
  #output;
  #errorOutput;
  #stopping = false;
  #lastId = 0;
  /** @type {Map<number, { resolve: (result: any) => void, reject: (error: Error) => void }>} */
  #waiting = new Map();

  /** Rejects when the process ends before `stop`; never resolves. @type {Promise<never>} */
  died;

  /**
   * @param {Launch} launch
   * @returns {Promise<App>}
   */
  static async start(launch) {
    const port = process.env.PORT ?? String(await findFreePort());
    const role = launch.asWorker ? { [CLUSTER_WORKER]: '1' } : {};
    return new App(launch, { NODE_ENV: 'production', ...process.env, PORT: port, [CONTROL_FD]: String(CONTROL_DESCRIPTOR), ...role });
  }

  /**
   * @param {Launch} launch
   * @param {NodeJS.ProcessEnv} env
   */
  constructor({ node, nodeArgs, entry, args }, env) {
    this.#child = spawn(node, [...nodeArgs, '--require', REGISTER, entry, ...args], {
      env,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      // A process group of its own, so that nothing the app starts can stay behind.
      detached: process.platform !== 'win32',
    });
    const [, output, errorOutput, control] = /** @type {any[]} */ (this.#child.stdio);
    this.#output = new Tail(output);
    this.#errorOutput = new Tail(errorOutput);
    this.#channel = new Channel(control);
    this.#channel.on('message', (message) => this.#receive(message));
    this.died = this.#rejectOnDeath();
    this.died.catch(() => {});
  }

  get pid() {
    return this.#child.pid;
  }

  /**
   * Asks the app's process for something.
   * @param {string} command
   * @param {object} [parameters]
   * @returns {Promise<any>}
   */
  request(command, parameters = {}) {
    const id = ++this.#lastId;
    const answer = new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    this.#channel.send({ id, command, ...parameters });
    return Promise.race([answer, this.died]);
  }

  /** Ends the app and everything it started; resolves when its process is gone. */
  async stop() {
    this.#stopping = true;
    if (this.pid === undefined) return;
    const gone = this.#gone();
    this.#channel.send({ id: ++this.#lastId, command: 'exit' });
    await Promise.race([gone, sleep(EXIT_GRACE_MS, undefined, { ref: false })]);
    this.kill();
    await gone;
    this.#channel.close();
  }

  /** Kills the app's process group at once. */
  kill() {
    const { pid } = this.#child;
    if (pid === undefined) return;
    if (process.platform === 'win32') spawnSync('taskkill', ['/pid', String(pid), '/T', '/F']);
    else killGroup(pid);
  }

  /** What the app printed last, for a message: standard error if there is any. */
  lastOutput() {
    return this.#errorOutput.last(OUTPUT_LINES) || this.#output.last(OUTPUT_LINES);
  }

  #receive(message) {
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.error) waiting?.reject(new LeakWatchError('ERR_LEAKWATCH_CONTROL', `The app's process could not do what the test needs: ${message.error}`));
    else waiting?.resolve(message.result);
  }

  /** @returns {Promise<never>} */
  #rejectOnDeath() {
    return new Promise((_, reject) => {
      this.#gone().then((how) => {
        if (this.#stopping) return;
        // Its group may live on, and so may the pipes its children inherited.
        this.kill();
        reject(how);
      });
    });
  }

  /** @returns {Promise<LeakWatchError>} resolves once the process and its output have ended */
  #gone() {
    const child = this.#child;
    return new Promise((resolve) => {
      const settle = (code, signal) => resolve(this.#describeDeath(code, signal));
      if (child.exitCode !== null || child.signalCode !== null) return settle(child.exitCode, child.signalCode);
      child.once('error', (error) => {
        resolve(new LeakWatchError('ERR_LEAKWATCH_SPAWN', `Could not start the app with ${child.spawnfile}: ${error.message}. Check --node.`, { cause: error }));
      });
      // 'exit' may come before the last of the output; 'close' may never come, when a grandchild holds the pipes.
      child.once('exit', (code, signal) => setTimeout(settle, 100, code, signal));
    });
  }

  #describeDeath(code, signal) {
    // V8 says it before a long native stack trace.
    const outOfMemory = this.#errorOutput.last(Infinity).includes('JavaScript heap out of memory');
    return Object.assign(deathOf(code, signal, outOfMemory), { output: this.lastOutput() });
  }
}

function killGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH') throw error;
  }
}

/** @returns {LeakWatchError} */
function deathOf(code, signal, outOfMemory) {
  const how = outOfMemory ? 'ran out of memory' : signal ? `was ended by ${signal}` : `exited with code ${code}`;
  const exported = code === 0 ? ' A file that only exports the app does not: name the one that calls listen().' : '';
  const advice = outOfMemory
    ? 'Send fewer requests (--requests, --warmup, --rounds), or give it a larger heap (--node-arg=--max-old-space-size=4096).'
    : `It has to keep running while it is tested.${exported} Start it by hand in the same folder and with the same environment to see why it ends.`;
  return new LeakWatchError('ERR_LEAKWATCH_APP_EXITED', `The app ${how} during the test. ${advice}`);
}

/** Validators of configuration often refuse port 0, so the app is given one that is free now. */
function findFreePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = /** @type {net.AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });
}

module.exports = { App };
