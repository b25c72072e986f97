'use strict';
// Runs in a worker thread of an app under test, loaded when the main thread asks for the first time (workers.js).
const { threadId } = require('node:worker_threads');
const { Heap } = require('./heap.js');

const heap = new Heap();

const commands = {
  async measure() {
    await heap.tidy();
    const { heapUsed, heapTotal, external, arrayBuffers } = process.memoryUsage();
    return { heapUsed, heapTotal, external, arrayBuffers };
  },
  startAllocationProfile: () => heap.startAllocationProfile(),
  writeAllocationProfile: (parameters) => heap.writeAllocationProfile(parameters),
  snapshot: (parameters) => heap.snapshot(parameters),
};

/**
 * @param {keyof typeof commands} command
 * @param {Record<number, any>} [parameters] by thread; others have nothing to do then
 * @returns {Promise<{ id: number, result: any }>}
 */
async function answer(command, parameters) {
  if (parameters && !Object.hasOwn(parameters, threadId)) return { id: threadId, result: null };
  return { id: threadId, result: await commands[command](parameters?.[threadId]) };
}

module.exports = { answer };
