'use strict';
const { areContextsCheap } = require('./contexts.js');
const { Moments } = require('./moments.js');
const { Responses } = require('./responses.js');
const { Sample } = require('./sample.js');
const { watchServers } = require('./servers.js');
const { Survivors } = require('./survivors.js');
const { Upgrades } = require('./upgrades.js');

/** Of a watched server, at least: all of up to so many requests a second, so many of more, and of those while something grows. */
const LOOKED_AT = { upTo: 100, ofMore: 20, whileAttributed: 100 };
/** Open requests whose route is asked for again. */
const MAX_UNRESOLVED = 65_536;

const expecting = new Set(['checkContinue', 'checkExpectation']);

/**
 * Requests of http, https and http2 servers, and protocol upgrades: counts per route, who is being served, and what
 * lives on after the response. Of very many a part is looked at, at random, and each of these stands for those before it
 * that were only counted.
 */
class Requests {
  #recorder;
  #routes;
  #frameworks;
  #contexts;
  /** Which requests are more than counted: of the others nobody knows what they create. @type {Sample} */
  #looked;
  #samplesPerSecond;
  /** Which of them get a context while nobody wants to know who creates what. @type {Sample | undefined} */
  #marked;
  /** And while somebody does. */
  #attributed;
  #attributes = false;
  /** Where a context for each request is dear, and this watches a server at work. @type {Moments | undefined} */
  #moments;
  #upgraded = 0;
  #lastId = 0;
  #survivors;
  #stopServers;
  #upgrades;
  #responses = new Responses((response, look) => this.#ended(response, look));
  /** Responses met before 'request': for 'Expect: 100-continue'. @type {WeakSet<object>} */
  #expected = new WeakSet();
  /** Whether requests may be only counted: not once one was met before 'request', which would count it twice. */
  #canPass = true;
  /** Open requests that created something before their route was known. @type {Map<number, WeakRef<Marker>>} */
  #unresolved = new Map();

  /**
   * Starts.
   * @param {object} parts
   * @param {import('./recorder.js').Recorder} parts.recorder
   * @param {import('./routes.js').Routes} parts.routes
   * @param {import('./frameworks.js').Frameworks} parts.frameworks
   * @param {import('./contexts.js').Contexts} parts.contexts
   * @param {RequestOptions} options
   */
  constructor({ recorder, routes, frameworks, contexts }, { contextsPerSecond, sparing, moments, ...sample }) {
    this.#recorder = recorder;
    this.#routes = routes;
    this.#frameworks = frameworks;
    this.#contexts = contexts;
    this.#samplesPerSecond = sample.samplesPerSecond;
    const upTo = sparing ? Math.max(LOOKED_AT.upTo, contextsPerSecond, this.#samplesPerSecond) : Infinity;
    this.#looked = new Sample(upTo, this.#ofMore());
    if (contextsPerSecond > 0) this.#marked = new Sample(contextsPerSecond);
    else if (sparing && !areContextsCheap()) this.#moments = new Moments((open) => this.#attribute(open), moments);
    this.#attributed = new Sample(sparing ? Math.max(LOOKED_AT.whileAttributed, contextsPerSecond) : Infinity);
    this.#upgrades = new Upgrades(contexts);
    this.#survivors = new Survivors(recorder, sample);
    this.#stopServers = watchServers(contexts, this);
    frameworks.start();
  }

  /** How many requests and upgrades were received. */
  get count() {
    return this.#looked.seen + this.#upgraded;
  }

  /**
   * Says who creates what from now on, or no longer.
   * @param {boolean} wanted
   */
  attribute(wanted) {
    if (!this.#moments) this.#attribute(wanted);
    else if (wanted) this.#moments.start();
    else this.#moments.stop();
  }

  #attribute(wanted) {
    this.#attributes = wanted;
    this.#looked.ofMore = this.#ofMore();
    if (!wanted && !this.#marked) this.#contexts.disable();
  }

  /** How many a second are looked at, of more than it looks at all of. */
  #ofMore() {
    return Math.max(this.#attributes ? LOOKED_AT.whileAttributed : LOOKED_AT.ofMore, this.#samplesPerSecond);
  }

  /** Who is being served: a route's number, or minus the request's while its route is unknown. @returns {number | null} */
  owner() {
    const marker = this.#attributes ? this.#contexts.current : undefined;
    if (!marker) return null;
    const request = marker.request?.deref();
    const route = marker.number ?? (request && this.#routes.serving(request));
    if (route !== undefined) return route;
    if (marker.request === null) return null; // received before anybody wanted to know
    if (marker.id === 0) this.#number(marker);
    return -marker.id;
  }

  /** Until the route of a request is known, what it creates has its number. */
  #number(marker) {
    this.#lastId = 1 + (this.#lastId % 0x7fffffff);
    marker.id = this.#lastId;
    if (this.#unresolved.size < MAX_UNRESOLVED) this.#unresolved.set(marker.id, new WeakRef(marker));
  }

  /** A major collection has ended. */
  collected() {
    this.#survivors.collected();
  }

  sweep() {
    this.#responses.sweep();
    this.#upgrades.sweep();
    this.#survivors.sweep();
    this.#looked.refresh();
    this.#marked?.refresh();
    this.#attributed.refresh();
    for (const [id, ref] of this.#unresolved) {
      const request = ref.deref()?.request?.deref();
      if (request) this.#recorder.table.resolve(id, this.#routes.served(request));
      else this.#unresolved.delete(id);
    }
  }

  stop() {
    this.#canPass = false;
    this.#responses.stop();
    this.#upgrades.stop();
    this.#frameworks.stop();
    this.#stopServers();
    this.#survivors.clear();
    this.#moments?.stop();
    this.#contexts.disable();
  }

  /** Whether a request that has come is only counted: all that is asked of most, so there is next to nothing in it. */
  passes() {
    return this.#canPass && this.#looked.passes();
  }

  /** A server has received something. @returns {Marker | undefined} the context to serve it in */
  begin(server, event, request, response) {
    try {
      if (event === 'upgrade') return this.#beginUpgrade(request, response);
      if (event !== 'request' && !expecting.has(event)) return undefined;
      return this.#beginRequest(server, event, request, response);
    } catch {
      return undefined; // the application comes first
    }
  }

  #beginRequest(server, event, request, response) {
    if (event !== 'request') {
      this.#expected.add(response);
      this.#canPass = false;
    } else if (this.#expected.has(response)) {
      return undefined;
    }
    const standsFor = this.#looked.take();
    if (standsFor === 0) return undefined;
    this.#frameworks.meet(server);
    const marker = this.#markerFor(request);
    if (!this.#responses.watch(response, { request, marker, standsFor })) this.#recorder.drop();
    return marker;
  }

  #markerFor(request) {
    const sample = this.#attributes ? this.#attributed : this.#marked;
    if (!sample?.take()) return undefined;
    const marker = this.#contexts.create();
    if (this.#attributes) marker.request = new WeakRef(request);
    return marker;
  }

  #beginUpgrade(request, socket) {
    const route = this.#routes.upgraded(request);
    this.#upgraded += 1;
    this.#routes.count(route, 1);
    if (!this.#attributes && !this.#marked) return undefined;
    const marker = this.#contexts.create();
    this.#contexts.settle(marker, route);
    this.#upgrades.serve(socket, marker);
    return marker;
  }

  #ended(response, { request, marker, standsFor }) {
    const aborted = request.httpVersionMajor === 2 ? request.aborted : !response.writableFinished;
    const route = this.#routes.served(request);
    if (marker) {
      if (marker.id !== 0) {
        this.#recorder.table.resolve(marker.id, route);
        this.#unresolved.delete(marker.id);
      }
      this.#contexts.settle(marker, route);
    }
    this.#routes.count(route, standsFor);
    this.#survivors.offer(request, marker, route, aborted);
  }
}

module.exports = { Requests };

/** @typedef {import('./contexts.js').LeakWatchRequest} Marker */
/**
 * @typedef {object} RequestOptions
 * @property {number} contextsPerSecond requests that get a context from the start: all when no more come, else at most so many at random
 * @property {boolean} [sparing] whether it may look at a part of very many requests only, and say who creates what for a part of the time
 * @property {{ openMs: number, closedMs: number }} [moments] how long it does then, and does not, in turns
 * @property {number} samplesPerSecond requests looked at again after their response
 * @property {number} collections major ones after which what is still alive is a survivor
 */
