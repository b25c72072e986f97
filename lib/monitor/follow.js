'use strict';
const { Trend } = require('./trend.js');

/** How long creation stacks are taken for a kind that grew, before looking whether it still does. */
const FOLLOW_MS = 10 * 60_000;

/** What Node and the system count for nothing, per kind that could be followed with stacks. */
const COUNTS = {
  timers: ({ active }) => (active.Timeout ?? 0) + (active.Immediate ?? 0),
  // Node does not count workers: each is a thread.
  handles: ({ active, threads }) => threads + total(active, (type) => !['Timeout', 'Immediate', 'TCPSocketWrap'].includes(type) && !type.includes('Req')),
  files: ({ active, descriptors }) => Math.max(0, descriptors - (active.TCPSocketWrap ?? 0)),
};

/**
 * Climbs from counting to creation stacks: a kind whose count grows is followed, with the requests that create it,
 * and let go again when it has stopped growing.
 */
class Follower {
  #tracker;
  #countOutgoing;
  #attributeUntil = 0;
  #stopped = false;
  #connections = new Trend();
  #outgoing = new Trend();
  #listeners = new Trend();
  /** @type {{ kind: 'timers' | 'handles' | 'files', count: (counts: Counts) => number, trend: Trend, until: number }[]} */
  #kinds;

  /**
   * @param {ReturnType<typeof import('../track/index.js').createTracker>} tracker
   * @param {() => Promise<number>} countOutgoing connections of ours; takes as long as the system's tables
   */
  constructor(tracker, countOutgoing) {
    this.#tracker = tracker;
    this.#countOutgoing = countOutgoing;
    this.#kinds = Object.entries(COUNTS).map(([kind, count]) => {
      return { kind: /** @type {'timers'} */ (kind), count, trend: new Trend(), until: 0 };
    });
  }

  /**
   * @param {Counts} counts
   * @param {number} nowMs
   */
  poll(counts, nowMs) {
    for (const row of this.#kinds) {
      row.trend.push(row.count(counts));
      if (row.trend.grows) this.#follow(row, nowMs);
      else if (row.until > 0 && row.until < nowMs) this.#letGo(row);
    }
    this.#pollConnections(counts.active, nowMs).catch(() => {}); // no measurement
    this.#listeners.push(counts.listeners);
    if (this.#listeners.grows) this.attribute(nowMs);
    if (this.#attributeUntil < nowMs) this.#tracker.unfollow('requests');
  }

  /**
   * Something is followed that is not one of these kinds: say which requests create it, for a while.
   * @param {number} nowMs
   */
  attribute(nowMs) {
    this.#attributeUntil = nowMs + FOLLOW_MS;
    this.#tracker.follow('requests');
  }

  /** Nothing is followed from now on. */
  stop() {
    this.#stopped = true;
  }

  /** More connections can mean more clients. Only those of ours are a reason to take stacks. */
  async #pollConnections(active, nowMs) {
    this.#connections.push(active.TCPSocketWrap ?? 0);
    if (!this.#connections.grows) return;
    this.#outgoing.push(await this.#countOutgoing());
    if (this.#stopped) return;
    const handles = this.#kinds.find(({ kind }) => kind === 'handles');
    if (this.#outgoing.grows) this.#follow(handles, nowMs);
  }

  #follow(row, nowMs) {
    row.until = nowMs + FOLLOW_MS;
    this.#tracker.follow(row.kind);
    this.attribute(nowMs);
  }

  #letGo(row) {
    row.until = 0;
    this.#tracker.unfollow(row.kind);
  }
}

function total(counts, accepts) {
  return Object.entries(counts).reduce((sum, [type, count]) => (accepts(type) ? sum + count : sum), 0);
}

module.exports = { Follower };

/**
 * @typedef {object} Counts
 * @property {Record<string, number>} active resources per type
 * @property {number} descriptors
 * @property {number} threads
 * @property {number} listeners on piles: their lines are known already, but not their routes
 */
