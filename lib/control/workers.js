'use strict';
const path = require('node:path');
const { WorkerThreads } = require('../inspector/workers.js');

const IN_WORKER = path.join(__dirname, 'in-worker.js');
/** A pool has fewer; of workers that nobody ends, the number tells. */
const MOST_WORKERS = 16;
/** Snapshots of large heaps take long. */
const PATIENCE_MS = { measure: 5_000, startAllocationProfile: 5_000, writeAllocationProfile: 30_000, snapshot: 120_000 };

/** Asks the app's worker threads about their heaps. */
class Workers {
  #threads = new WorkerThreads();

  /**
   * @param {keyof typeof PATIENCE_MS} command
   * @param {Record<number, object>} [parameters] for some threads only, by their ids
   * @returns {Promise<WorkerAnswer[]>} of those that answer; of none where they cannot be asked
   */
  async ask(command, parameters) {
    const call = [command, parameters].map((argument) => JSON.stringify(argument)).join(', ');
    const limits = { most: MOST_WORKERS, patienceMs: PATIENCE_MS[command] };
    try {
      this.#threads.attach();
      const answers = await this.#threads.evaluate(`require(${JSON.stringify(IN_WORKER)}).answer(${call})`, limits);
      // Snapshots share object ids as long as nobody lets go of the worker.
      if (command !== 'snapshot') this.#threads.detach();
      return answers.filter(({ value }) => value.result !== null).map(({ name, file, value }) => ({ name, file, ...value }));
    } catch {
      return [];
    }
  }

  /**
   * @param {'writeAllocationProfile' | 'snapshot'} command
   * @param {Record<number, object>} parameters by thread
   * @returns {Promise<Record<number, any>>} what those threads did
   */
  async askSome(command, parameters) {
    if (Object.keys(parameters).length === 0) return {};
    return Object.fromEntries((await this.ask(command, parameters)).map(({ id, result }) => [id, result]));
  }
}

module.exports = { Workers };

/** @typedef {{ id: number, name: string, file: string | null, result: any }} WorkerAnswer */
