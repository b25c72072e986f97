'use strict';
// Taken now: later somebody may track or mock timers.
const { setInterval, clearInterval } = require('node:timers');
const v8 = require('node:v8');
const native = require('./native.js');
const { countActive, countOutgoing, untracked } = require('./monitor/active.js');
const { watchCollections } = require('./monitor/collections.js');
const { watchEmitters } = require('./monitor/emitters.js');
const { Follower } = require('./monitor/follow.js');
const { Ring } = require('./monitor/ring.js');
const { now } = require('./track/clock.js');
const { areContextsCheap } = require('./track/contexts.js');
const { createTracker } = require('./track/index.js');
const { harmless } = require('./track/patch.js');
const { canSeeStacks } = require('./track/sites.js');
const { isUnderTest } = require('./under-test.js');

const MAX_CHECKPOINTS = 1000;
/** A request that lives through so many major collections after its response is a survivor; a stream is kept. */
const SURVIVED_COLLECTIONS = 2;
/** Of the time: what recording timers may take while they grow. */
const SHARE = 0.01;
/** Requests that get a context where contexts are cheap: one for each would take a busy server a twentieth of its time. */
const CONTEXTS_PER_SECOND = 100;
/** Readings between two looks at whether live memory grows. */
const READINGS_PER_LOOK = 12;
/** Moments whose resources are kept, and how many groups of each: what proves that something piles up. */
const HISTORY = { moments: 60, groups: 64, fewest: 8 };

/**
 * Watches this thread: what the system says about the process (on a Rust thread), V8's live bytes after each major
 * collection, requests per route, and what is alive. Costs next to nothing until something grows.
 */
class Monitor {
  #settings;
  #tracker;
  #follower;
  #floors;
  #checkpoints = new Ring(MAX_CHECKPOINTS);
  #history = new Ring(HISTORY.moments);
  #collections = 0;
  #readings = 0;
  #mayProve;
  /** Made when there is something to prove: most processes never load it. @type {import('./monitor/prover.js').Prover | undefined} */
  #prover;
  /** @type {ReturnType<typeof watchEmitters> | undefined} */
  #emitters;
  /** @type {(() => void)[]} */
  #undo = [];

  /** @param {import('./options.js').WatchSettings} settings */
  constructor(settings) {
    this.#settings = settings;
    this.#floors = new Ring(settings.history);
    this.#mayProve = settings.prove && !isUnderTest() && native.backgroundSupport().supported;
    const all = settings.track === 'all';
    this.#tracker = createTracker({ stacks: true, share: all ? 1 : SHARE, timers: all, listeners: all, handles: all, files: all, streams: all, requests: all, collections: SURVIVED_COLLECTIONS });
    this.#follower = new Follower(this.#tracker, async () => countOutgoing(await native.readOpenFiles()));
  }

  /**
   * Starts every part that this process allows.
   * @param {() => void} onPoll called after each reading
   * @returns {string[]} what it does not allow, one sentence each
   */
  start(onPoll) {
    const { intervalMs, history, track } = this.#settings;
    const problems = [
      this.#try('the memory of the process', () => startSampler({ intervalMs, capacity: history })),
      this.#try('garbage collections', () => watchCollections(harmless(() => this.#collected()))),
      this.#try('requests and resources', () => (track === 'all' ? this.#trackAll() : this.#trackGrowth())),
      this.#try('the number of resources', () => startPolling(intervalMs, harmless(() => this.#poll()), onPoll)),
    ];
    const { reason } = native.readProcess();
    if (!canSeeStacks()) problems.push('leakwatch cannot see where things are created: `Error` is frozen (--frozen-intrinsics).');
    if (reason !== null) problems.push(`leakwatch cannot read all of the process's memory: ${reason}`);
    return problems.filter((problem) => problem !== '');
  }

  /** Takes everything out again. */
  stop() {
    this.#prover?.stop();
    this.#follower.stop();
    for (const undo of this.#undo.reverse()) undo();
    this.#undo = [];
  }

  /**
   * What is alive and what keeps the process busy, most first.
   * @param {import('./monitor/active.js').OpenFileGroup[]} open descriptors
   * @returns {import('./track/index.js').ResourceGroup[]}
   */
  resources(open = native.openFiles()) {
    this.#emitters?.sweep();
    const tracked = this.#tracker.groupsAsWritten();
    return [...tracked, ...untracked(countActive(), tracked, open)].sort((a, b) => b.count - a.count);
  }

  /**
   * Marks a moment of the user's choosing.
   * @param {string} name
   */
  checkpoint(name) {
    this.#checkpoints.push({ name, ...this.#readNow(), floorBytes: null, collection: null });
  }

  /** The verdict so far, and the evidence for it. */
  async report() {
    return JSON.parse(native.judgeMonitor(JSON.stringify(this.observations(await this.#resources()))));
  }

  /** The same as `resources`, while another thread reads the system's tables. */
  async #resources() {
    return this.resources(await native.readOpenFiles());
  }

  /** Everything that was measured. @param {import('./track/index.js').ResourceGroup[]} resources */
  observations(resources) {
    const checkpoints = JSON.stringify(this.#checkpoints.values());
    return {
      version: 1,
      pid: process.pid,
      entry: process.argv[1] ?? '',
      cwd: process.cwd(),
      nodeVersion: process.version,
      uptimeMs: process.uptime() * 1000,
      requests: this.#tracker.requests(),
      routes: this.#tracker.routes(),
      samples: native.samplerSamples(),
      floors: this.#floors.values(),
      now: this.#readNow(),
      resources,
      history: this.#history.values(),
      ports: this.#tracker.ports(),
      stretches: JSON.parse(native.stretches(checkpoints)),
      intervalMs: this.#settings.intervalMs,
      ownFolder: __dirname,
      proven: this.#prover?.suspects ?? [],
      doubts: this.#prover?.doubts ?? [],
      acquitted: this.#prover?.acquitted ?? false,
      dropped: this.#tracker.dropped(),
    };
  }

  /** Runs a part's start and remembers how to stop it. What fails is a sentence, never an exception in the application. */
  #try(what, start) {
    try {
      this.#undo.push(start());
      return '';
    } catch (error) {
      return `leakwatch cannot watch ${what}: ${error instanceof Error ? error.message : error}`;
    }
  }

  #trackAll() {
    this.#countRequests();
    this.#tracker.start();
    return () => this.#tracker.stop();
  }

  #trackGrowth() {
    this.#countRequests();
    const emitters = (this.#emitters = watchEmitters(this.#tracker.recorder, () => this.#follower.attribute(now())));
    return () => {
      emitters.stop();
      this.#tracker.stop();
    };
  }

  #countRequests() {
    const { contexts, survivorsPerSecond, track } = this.#settings;
    const some = contexts === 'auto' && areContextsCheap() ? CONTEXTS_PER_SECOND : 0;
    const contextsPerSecond = contexts === true || track === 'all' ? Infinity : some;
    this.#tracker.countRequests({ contextsPerSecond, samplesPerSecond: survivorsPerSecond });
  }

  #collected() {
    this.#collections += 1;
    this.#tracker.collected();
    const floor = this.#readNow();
    this.#floors.push(floor);
    for (const checkpoint of this.#checkpoints.values().reverse()) {
      if (checkpoint.collection !== null) break;
      checkpoint.collection = this.#collections;
      checkpoint.floorBytes = floor.heapUsed + floor.external;
    }
  }

  /** What is followed now, so that a later look can tell a pile from a full pool. */
  #remember() {
    this.#emitters?.sweep();
    const resources = largest(this.#tracker.groups());
    if (resources.length > 0) this.#history.push({ atMs: Date.now(), requests: this.#tracker.requests(), connections: this.#tracker.connections(), resources });
  }

  /** This moment, in V8's own numbers: bytes. */
  #readNow() {
    const { heap_size_limit: heapLimit, malloced_memory: mallocedMemory } = v8.getHeapStatistics();
    return { atMs: Date.now(), requests: this.#tracker.requests(), ...process.memoryUsage(), heapLimit, mallocedMemory };
  }

  #poll() {
    const active = countActive();
    this.#emitters?.poll();
    this.#remember();
    const { fds: descriptors, threads } = native.samplerNewest() ?? {};
    const listeners = this.#emitters?.listeners() ?? 0;
    if (this.#settings.track === 'auto') this.#follower.poll({ active, descriptors: descriptors ?? 0, threads: threads ?? 0, listeners }, now());
    this.#readings += 1;
    if (this.#mayProve && (this.#prover?.isUnderWay || this.#readings % READINGS_PER_LOOK === 0)) this.#look();
  }

  /** Live memory that keeps growing wants a proof. Resources say nothing of it, and take as long as the system's tables. */
  #look() {
    const grows = this.#prover?.isUnderWay || native.worthProvingMonitor(JSON.stringify(this.observations([])));
    if (!grows && !this.#prover) return;
    const prover = (this.#prover ??= new (require('./monitor/prover.js').Prover)(this.#settings.intervalMs));
    const observations = async () => this.observations(await this.#resources());
    void prover.consider({ grows, requests: this.#tracker.requests(), connections: this.#tracker.connections(), collections: this.#collections }, observations);
  }
}

/** @param {import('./track/index.js').ResourceGroup[]} groups */
function largest(groups) {
  const many = groups.filter(({ count }) => count >= HISTORY.fewest);
  return many.sort((a, b) => b.count - a.count).slice(0, HISTORY.groups);
}

function startSampler(options) {
  native.samplerStart(options);
  return () => native.samplerStop();
}

function startPolling(intervalMs, poll, onPoll) {
  const timer = setInterval(() => {
    poll();
    onPoll();
  }, intervalMs);
  timer.unref();
  return () => clearInterval(timer);
}

module.exports = { Monitor };
