'use strict';

/**
 * This thread's V8, seen through an inspector session in its own process: it answers before a call returns. What a session has
 * begun ends with it, and V8 forgets the object ids that several snapshots have in common.
 */
class InspectorSession {
  /** @type {import('node:inspector').Session} */
  #session;

  /** @throws where Node has no inspector, or its permission model allows none */
  constructor() {
    // Loaded when wanted: most processes never are inspected.
    const { Session } = require('node:inspector');
    this.#session = new Session();
    this.#session.connect();
  }

  /**
   * @param {string} method
   * @param {object} [parameters]
   * @returns {any}
   * @throws when V8 refuses
   */
  post(method, parameters = {}) {
    /** @type {any} */
    let answer;
    this.#session.post(method, parameters, (error, result) => { answer = { error, result }; });
    if (!answer || answer.error) throw new Error(`the inspector did not answer ${method}: ${answer?.error?.message ?? 'nothing'}`);
    return answer.result;
  }

  /**
   * @param {string} event
   * @param {() => void} work
   * @returns {any[]} the parameters of each such event during the work
   */
  eventsDuring(event, work) {
    /** @type {any[]} */
    const seen = [];
    const note = ({ params }) => seen.push(params);
    this.#session.on(event, note);
    try {
      work();
    } finally {
      this.#session.off(event, note);
    }
    return seen;
  }

  /**
   * @param {string} event
   * @param {(params: any) => void} listener told of each until the session ends
   */
  on(event, listener) {
    this.#session.on(event, ({ params }) => listener(params));
  }

  /**
   * Begins V8's sampling heap profile, until the session ends. V8 has one sampler for all: had another session's been running, V8 would
   * have begun nothing, without a word, and this session's end would end that one.
   * @param {number} samplingInterval bytes allocated between two samples, on average
   * @returns {boolean} false when one runs already
   */
  startSampling(samplingInterval) {
    if (this.#isSampling()) return false;
    this.post('HeapProfiler.startSampling', { samplingInterval });
    return true;
  }

  /**
   * Collects all garbage first.
   * @returns {object} what is alive of what was allocated since sampling began, whoever began it
   * @throws when nobody did
   */
  samplingProfile() {
    return this.post('HeapProfiler.getSamplingProfile').profile;
  }

  /** While there is a session, V8 keeps what the app writes to the console: up to a thousand messages, objects and all. They outlive the session. */
  forgetConsole() {
    this.post('Runtime.discardConsoleEntries');
  }

  end() {
    this.#session.disconnect();
  }

  #isSampling() {
    try {
      return Boolean(this.samplingProfile());
    } catch {
      return false;
    }
  }
}

module.exports = { InspectorSession };
