'use strict';
const os = require('node:os');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { growthOf, judge } = require('./judge.js');
const { ROUND_MS, isExhausted, nextWarmupBatch, planRequests } = require('./plan.js');
const { urlOf } = require('./port.js');

const SNAPSHOTS = 3;
/** Routes worth a round of their own: their share of the requests, and how many at most. */
const APART = { share: 0.02, routes: 5 };

/**
 * @typedef {object} Context
 * @property {import('./traffic.js').Traffic} traffic
 * @property {import('./traffic.js').RequestTraffic} requests what was answered to them
 * @property {import('./progress.js').Progress} progress
 * @property {AbortSignal} signal
 * @property {string} nodeVersion
 */

/** One run: the traffic sent so far and the evidence gathered, in the shape the judge reads. */
class TestRun {
  #options;
  #app;
  #workdir;
  #context;
  #url;
  #port;
  #sent = 0;
  #round = 0;
  #perRound = 0;
  /** @type {any} */
  #evidence;

  /**
   * @param {import('./options.js').TestOptions} options
   * @param {import('./app.js').App} app
   * @param {import('./port.js').ServerInfo} server of it
   * @param {import('./workdir.js').Workdir} workdir
   * @param {Context} context
   */
  constructor(options, app, server, workdir, context) {
    this.#options = options;
    this.#app = app;
    this.#workdir = workdir;
    this.#context = context;
    this.#url = urlOf(server);
    this.#port = server.port;
    this.#evidence = {
      version: 1,
      nodeVersion: context.nodeVersion,
      pid: app.pid,
      cwd: process.cwd(),
      entry: path.resolve(options.entry),
      // What files in here hold is leakwatch's own; the folder above may hold an app.
      ownFolder: path.join(__dirname, '..'),
      points: [],
      snapshots: [],
      workers: [],
      allocationProfile: null,
      handlers: [],
      refused: false,
    };
  }

  /** @returns {Promise<any>} the Report */
  async perform() {
    await this.#app.request('ready');
    await this.#warmUp();
    await this.#app.request('startAllocationProfile');
    await this.#rounds();
    const { grows, workers } = growthOf(this.#evidence);
    this.#evidence.workers = workers.map((id) => ({ id, snapshots: [], allocationProfile: null, isolated: [] }));
    if (grows) await this.#gatherProof();
    this.#lookAtAnswers();
    this.#context.progress.phase('judging');
    let report = await judge(this.#evidence);
    if (this.#shouldDriveApart(report)) {
      await this.#driveApart(this.#busyRoutes(report));
      report = await judge(this.#evidence);
    }
    this.#keep();
    return report;
  }

  #keep() {
    try {
      this.#workdir.keep(this.#evidence);
    } catch (error) {
      // The report is what the run was for.
      this.#context.progress.warn(`could not keep the snapshots in ${this.#options.keepSnapshots}: ${error.message}`);
    }
  }

  /** Leaves the app warm, and knows then how many requests a round has. */
  async #warmUp() {
    const { warmup, requestsPerRound, rounds } = this.#options;
    this.#context.progress.phase(`warming up ${this.#url}`);
    const startedAt = performance.now();
    /** @type {{ requests: number, requestsPerSecond: number, before: any }} */
    const pace = { requests: 0, requestsPerSecond: 0, before: null };
    for (;;) {
      const count = nextWarmupBatch({ sent: this.#sent, elapsedMs: performance.now() - startedAt, wanted: warmup });
      if (count === 0) break;
      pace.requestsPerSecond = await this.#sendTimed(count);
      if (pace.before) pace.requests += count;
      else pace.before = (await this.#measure()).memory;
    }
    this.#evidence.points = [await this.#measure()];
    this.#perRound = requestsPerRound ?? planRequests({ ...pace, after: this.#lastMemory() }, rounds + SNAPSHOTS - 1);
  }

  async #sendTimed(count) {
    const startedAt = performance.now();
    await this.#send(count);
    return (count * 1000) / (performance.now() - startedAt);
  }

  async #rounds() {
    const { rounds } = this.#options;
    this.#context.progress.phase(`${rounds} rounds of ${this.#perRound} requests`);
    for (let i = 1; i <= rounds; i++) {
      this.#context.progress.step(`round ${i} of ${rounds}: ${this.#perRound} requests${this.#describeMemory()}`);
      await this.#sendRound();
      this.#evidence.points.push(await this.#measure());
      if (this.#isExhausted()) {
        // What is still to come must not be what ends the app.
        this.#perRound = Math.max(1, Math.floor(this.#perRound / 4));
        break;
      }
    }
  }

  async #gatherProof() {
    this.#context.progress.phase(`something grows: taking ${SNAPSHOTS} heap snapshots, ${this.#perRound} requests apart`);
    await this.#collectAllocations();
    for (let i = 1; i <= SNAPSHOTS; i++) {
      if (i > 1) {
        this.#context.progress.step(`${this.#perRound} requests before heap snapshot ${i} of ${SNAPSHOTS}`);
        await this.#sendRound();
      }
      this.#context.progress.step(`taking heap snapshot ${i} of ${SNAPSHOTS}${this.#describeMemory()}`);
      const { workers, ...taken } = await this.#takeSnapshot(String(i));
      this.#evidence.snapshots.push(taken);
      for (const [worker, snapshot] of this.#inWorkers(workers)) worker.snapshots.push(snapshot);
    }
    this.#evidence.handlers = await this.#app.request('handlers');
  }

  /** Of the main thread, and of the worker threads whose heaps grow. */
  async #takeSnapshot(name) {
    const path = this.#workdir.file(`${name}.heapsnapshot`);
    const workers = this.#filesOfWorkers(`${name}.heapsnapshot`);
    this.#workdir.requireSpace(this.#lastMemory().heapUsed);
    const { workers: taken, ...ofMain } = await this.#app.request('snapshot', { path, workers });
    const { requests } = ofMain;
    return { path, ...ofMain, workers: mapValues(taken, (id, ofWorker) => ({ ...workers[id], requests, ...ofWorker })) };
  }

  async #collectAllocations() {
    const path = this.#workdir.file('allocations.heapprofile');
    const workers = this.#filesOfWorkers('allocations.heapprofile');
    const { written, workers: writtenByWorkers } = await this.#app.request('writeAllocationProfile', { path, workers });
    if (written) this.#evidence.allocationProfile = path;
    for (const [worker, isWritten] of this.#inWorkers(writtenByWorkers)) if (isWritten) worker.allocationProfile = workers[worker.id].path;
  }

  /** @returns {Record<number, { path: string }>} a file for each of the worker threads looked at */
  #filesOfWorkers(name) {
    return Object.fromEntries(this.#evidence.workers.map(({ id }) => [id, { path: this.#workdir.file(`worker-${id}-${name}`) }]));
  }

  /** @returns {[any, any][]} the worker threads looked at that answered, and what they did */
  #inWorkers(answers) {
    return this.#evidence.workers.filter(({ id }) => Object.hasOwn(answers, id)).map((worker) => [worker, answers[worker.id]]);
  }

  /** The suspects' routes are not known, and there is more than one that it could be. */
  #shouldDriveApart(report) {
    const unknown = report.suspects.some((suspect) => suspect.routes.length === 0);
    return unknown && this.#evidence.snapshots.length === SNAPSHOTS && this.#busyRoutes(report).length > 1;
  }

  /** Routes that got more than a few of the requests: those whose handlers stand in files where suspects are held first, then the busiest. */
  #busyRoutes(report) {
    const { requests, routes } = this.#evidence.points.at(-1);
    const near = routesNear(report.suspects, this.#evidence);
    const busy = Object.entries(routes).filter(([, count]) => count >= requests * APART.share);
    busy.sort((a, b) => Number(near.has(b[0])) - Number(near.has(a[0])) || b[1] - a[1]);
    return busy.slice(0, APART.routes).map(([route]) => route);
  }

  /** A round for each route, in which the app gets requests of that route only, and a snapshot after it. */
  async #driveApart(candidates) {
    this.#context.progress.phase('telling the routes apart');
    this.#evidence.isolated = [];
    const routes = Object.keys(this.#evidence.points.at(-1).routes);
    try {
      for (const only of candidates) await this.#driveOnly(only, routes);
    } catch (error) {
      // The traffic may not bear it that the app refuses some of its requests. What is known by now has to do.
      this.#context.signal.throwIfAborted();
      this.#context.progress.warn(`could not tell the routes apart: ${error.message}`);
    } finally {
      await this.#app.request('widen');
    }
  }

  async #driveOnly(only, routes) {
    this.#context.progress.step(`only ${only}: up to ${this.#perRound} requests`);
    const before = await this.#app.request('routes');
    await this.#app.request('narrow', { routes, only, port: this.#port });
    await this.#sendRound();
    const { workers, ...ofMain } = await this.#takeSnapshot(`only-${this.#evidence.isolated.length + 1}`);
    const after = await this.#app.request('routes');
    const seen = ({ path, elapsedMs, counted }) => ({ route: only, requests: (after[only] ?? 0) - (before[only] ?? 0), elapsedMs, snapshot: path, counted });
    this.#evidence.isolated.push(seen(ofMain));
    for (const [worker, snapshot] of this.#inWorkers(workers)) worker.isolated.push(seen(snapshot));
  }

  async #sendRound() {
    this.#round++;
    const startedAt = performance.now();
    await this.#send(this.#perRound);
    const restMs = startedAt + ROUND_MS - performance.now();
    if (this.#options.requestsPerRound === null && restMs > 0) await sleep(restMs, undefined, { signal: this.#context.signal });
  }

  async #send(count, traffic = this.#context.traffic) {
    const { signal } = this.#context;
    await traffic({ url: this.#url, port: this.#port, round: this.#round, start: this.#sent, count, signal });
    this.#sent += count;
  }

  #measure() {
    return this.#app.request('measure');
  }

  #lastMemory() {
    return this.#evidence.points.at(-1).memory;
  }

  #isExhausted() {
    const exhausted = isExhausted(this.#lastMemory(), Math.min(process.constrainedMemory?.() || Infinity, os.totalmem()));
    if (exhausted) this.#context.progress.warn('stopping early: the app has used most of the memory it can have');
    return exhausted;
  }

  #describeMemory() {
    return `, heap ${(this.#lastMemory().heapUsed / 1024 / 1024).toFixed(1)} MB`;
  }

  /** A wrong path answers 404 and leaks nothing: say so before somebody trusts the verdict. */
  #lookAtAnswers() {
    const all = [...this.#context.requests.answers];
    const refused = all.filter(([, answers]) => ![...answers.keys()].some((answer) => /^[123]/.test(answer)));
    this.#evidence.refused = refused.length > 0 && refused.length === all.length;
    for (const [label, answers] of refused) {
      const counts = [...answers].map(([answer, count]) => `${answer} (${count} times)`).join(', ');
      this.#context.progress.warn(`${label} never succeeded: ${counts}. The verdict is about an app that refuses it.`);
    }
  }
}

function mapValues(record, change) {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(key, value)]));
}

/**
 * @param {any[]} suspects
 * @param {{ cwd: string, handlers: { route: string, functions: { file: string }[] }[] }} run
 * @returns {Set<string>} the routes with a handler in a file that a suspect without a route is held or created in
 */
function routesNear(suspects, { cwd, handlers }) {
  const places = suspects.filter(({ routes }) => routes.length === 0).flatMap(({ heldAt, createdAt }) => [heldAt, ...createdAt]);
  const files = new Set(places.filter(Boolean).map(({ file }) => path.resolve(cwd, file)));
  return new Set(handlers.filter(({ functions }) => functions.some(({ file }) => files.has(file))).map(({ route }) => route));
}

module.exports = { TestRun };
