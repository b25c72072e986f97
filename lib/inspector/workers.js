'use strict';
const { fileURLToPath } = require('node:url');
const { InspectorSession } = require('./session.js');

/**
 * The worker threads of this process, seen through the main thread's inspector: nothing of leakwatch is in a worker before it is
 * asked, and nothing keeps it alive. One session for good: the end of one makes V8 forget the object ids that several snapshots
 * of the main thread have in common, and letting go of a worker does so in that worker.
 */
class WorkerThreads {
  /** @type {InspectorSession | null} */
  #session = null;
  /** Workers held on to, by the inspector's name for them. @type {Map<string, { name: string, file: string | null }>} */
  #attached = new Map();
  /** Questions without an answer yet. @type {Map<number, { sessionId: string, settle: (result?: any) => void }>} */
  #asked = new Map();
  #lastId = 0;

  /**
   * Holds on to the workers there are, and to those to come.
   * @throws where Node has no inspector, or its permission model allows none
   */
  attach() {
    this.#session ??= this.#open();
    this.#session.post('NodeWorker.enable', { waitForDebuggerOnStart: false });
  }

  detach() {
    this.#session?.post('NodeWorker.disable');
    this.#attached.clear();
  }

  /**
   * Runs an expression in each of them.
   * @param {string} expression has `require`; what it resolves to is copied
   * @param {{ most: number, patienceMs: number }} limits workers that are asked, the oldest first, and time for an answer: a worker
   *   in the middle of a computation gives none
   * @returns {Promise<{ name: string, file: string | null, value: any }[]>} those that answered
   */
  async evaluate(expression, { most, patienceMs }) {
    const asked = [...this.#attached].slice(0, most);
    const results = asked.map(([sessionId]) => this.#ask(sessionId, expression));
    const timer = setTimeout(() => this.#giveUp(), patienceMs);
    const answers = await Promise.all(results);
    clearTimeout(timer);
    return asked.flatMap(([, worker], index) => (answers[index] ? [{ ...worker, value: answers[index].value }] : []));
  }

  #open() {
    const session = new InspectorSession();
    session.on('NodeWorker.attachedToWorker', ({ sessionId, workerInfo }) => this.#attached.set(sessionId, describe(workerInfo)));
    session.on('NodeWorker.detachedFromWorker', ({ sessionId }) => this.#forget(sessionId));
    session.on('NodeWorker.receivedMessageFromWorker', ({ message }) => {
      const { id, result } = JSON.parse(message);
      this.#asked.get(id)?.settle(result?.exceptionDetails ? undefined : result?.result);
    });
    return session;
  }

  /** @returns {Promise<{ value: any } | undefined>} */
  #ask(sessionId, expression) {
    const id = ++this.#lastId;
    const params = { expression, includeCommandLineAPI: true, awaitPromise: true, returnByValue: true };
    const answer = new Promise((resolve) => this.#asked.set(id, { sessionId, settle: resolve }));
    this.#session?.post('NodeWorker.sendMessageToWorker', { sessionId, message: JSON.stringify({ id, method: 'Runtime.evaluate', params }) });
    return answer.finally(() => this.#asked.delete(id));
  }

  #giveUp() {
    for (const { settle } of this.#asked.values()) settle();
  }

  #forget(ended) {
    this.#attached.delete(ended);
    for (const { sessionId, settle } of this.#asked.values()) if (sessionId === ended) settle();
  }
}

/** `[worker 3] renderer`, or without a name; Node 20 says `Worker 3`. */
function describe({ title, url }) {
  return { name: /^\[worker \d+\] (?!WorkerThread$)(.+)$/.exec(title)?.[1] ?? '', file: url.startsWith('file:') ? fileURLToPath(url) : null };
}

module.exports = { WorkerThreads };
