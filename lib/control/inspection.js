'use strict';
const { fileURLToPath } = require('node:url');
const { InspectorSession } = require('../inspector/session.js');

// Live bytes per allocation stack: a leak of a few hundred bytes a request still gets samples.
const SAMPLING_INTERVAL_BYTES = 8192;
/** The objects that the session refers to; let go as soon as they are looked at. */
const OBJECT_GROUP = 'leakwatch';
/** How an object gets into an expression of the inspector's, and out of it: by a global property, for a moment. */
const PASSAGE = Symbol.for('leakwatch.inspected');
const PASSAGE_EXPRESSION = `globalThis[Symbol.for('${PASSAGE.description}')]`;

/**
 * @typedef {{ file: string, line: number, column: number, function: string | null }} Location
 */

/**
 * The app's own V8 seen through an in-process inspector session. One session for the whole run:
 * ending it makes V8 forget the object ids that several snapshots have in common.
 */
class Inspection {
  /** @type {InspectorSession | null} */
  #session = null;

  startAllocationProfile() {
    return this.#ask((session) => session.startSampling(SAMPLING_INTERVAL_BYTES)) ?? false;
  }

  /** @returns {object | null} what is still alive of what was allocated since the start */
  allocationProfile() {
    return this.#ask((session) => session.samplingProfile());
  }

  /** The session must not be what keeps the app's objects. */
  forgetConsole() {
    if (this.#session) this.#ask((session) => session.forgetConsole());
  }

  /**
   * @param {{ route: string, functions: Function[] }[]} handlers
   * @returns {{ route: string, functions: Location[] }[]} where each function is defined and, for a
   *   wrapper (`asyncHandler(fn)`), what it wraps
   */
  locateHandlers(handlers) {
    const scripts = this.#scripts();
    const located = handlers.map(({ route, functions }) => ({
      route,
      functions: functions.flatMap((fn) => this.#locate(fn)).map((found) => toLocation(found, scripts)).filter((location) => location !== null),
    }));
    this.#release();
    return located;
  }

  /** All objects of the app's realm that are alive, after a thorough collection. @returns {object[]} */
  objects() {
    const prototypeObjectId = this.#objectIdOf(Object.prototype);
    const found = prototypeObjectId && this.#post('Runtime.queryObjects', { prototypeObjectId, objectGroup: OBJECT_GROUP });
    /** @type {object[]} */
    let objects = [];
    const receive = (list) => (objects = list);
    if (found) {
      const parameters = { objectId: found.objects.objectId, functionDeclaration: `function () { ${PASSAGE_EXPRESSION}(this); }` };
      this.#pass(receive, () => this.#post('Runtime.callFunctionOn', parameters));
    }
    this.#release();
    return objects;
  }

  /** @param {object} object @returns {number | null} its id in heap snapshots; null before the first of them */
  idOf(object) {
    const id = this.#post('HeapProfiler.getHeapObjectId', { objectId: this.#objectIdOf(object) })?.heapSnapshotObjectId;
    this.#release();
    return Number(id) || null;
  }

  #locate(fn) {
    const objectId = this.#objectIdOf(fn);
    const own = objectId ? this.#describe(objectId) : null;
    if (!own) return [];
    const name = fn.name || null;
    return [{ ...own.location, name }, ...this.#wrapped(own.scopes)].filter((found) => found.scriptId !== undefined);
  }

  /** Functions among the variables of the function that made a handler: what a wrapper wraps. */
  #wrapped(scopesId) {
    const scopes = scopesId ? this.#properties(scopesId).result.filter((scope) => /^\d+$/.test(scope.name)) : [];
    if (!isMadeByFunction(scopes)) return [];
    return this.#properties(scopes[0].value.objectId).result
      .filter((variable) => variable.value?.type === 'function')
      .map((variable) => ({ ...this.#describe(variable.value.objectId).location, name: variable.name }));
  }

  #describe(objectId) {
    const internal = this.#properties(objectId).internalProperties ?? [];
    const value = (name) => internal.find((property) => property.name === name)?.value;
    const target = value('[[TargetFunction]]');
    if (target) return this.#describe(target.objectId);
    return { location: value('[[FunctionLocation]]')?.value ?? {}, scopes: value('[[Scopes]]')?.objectId };
  }

  #properties(objectId) {
    return this.#post('Runtime.getProperties', { objectId, ownProperties: true }) ?? { result: [] };
  }

  #objectIdOf(object) {
    const answer = this.#pass(object, () => this.#post('Runtime.evaluate', { expression: PASSAGE_EXPRESSION, objectGroup: OBJECT_GROUP }));
    return answer?.result.objectId;
  }

  #pass(object, look) {
    Object.defineProperty(globalThis, PASSAGE, { value: object, configurable: true });
    try {
      return look();
    } finally {
      Reflect.deleteProperty(globalThis, PASSAGE);
    }
  }

  #release() {
    this.#post('Runtime.releaseObjectGroup', { objectGroup: OBJECT_GROUP });
  }

  /** @returns {Map<string, string>} script id → url. The debugger is on only while they are listed. */
  #scripts() {
    const parsed = this.#ask((session) => session.eventsDuring('Debugger.scriptParsed', () => {
      session.post('Debugger.enable');
      session.post('Debugger.disable');
    }));
    return new Map(parsed?.map(({ scriptId, url }) => [scriptId, url]));
  }

  /** @returns {any} null when V8 refused */
  #post(method, parameters) {
    return this.#ask((session) => session.post(method, parameters));
  }

  /** @returns {any} null when V8 refused, or allows no session: the run goes on with less evidence */
  #ask(question) {
    try {
      return question(this.#session ??= new InspectorSession());
    } catch {
      return null;
    }
  }
}

/**
 * A function's innermost scope is its maker's when that has a name or another closure or a module
 * around it; otherwise it is the CommonJS module itself, whose functions are not what it wraps.
 */
function isMadeByFunction(scopes) {
  const [inner, outer] = scopes.map((scope) => scope.value.description);
  if (!inner?.startsWith('Closure')) return false;
  return inner !== 'Closure' || outer?.startsWith('Closure') || outer?.startsWith('Module');
}

/** @returns {Location | null} null for code without a file */
function toLocation({ scriptId, lineNumber, columnNumber, name }, scripts) {
  const url = scripts.get(scriptId) ?? '';
  const file = url.startsWith('file:') ? fileURLToPath(url) : url;
  if (!file.startsWith('/') && !/^[A-Za-z]:\\/.test(file)) return null;
  return { file, line: lineNumber + 1, column: columnNumber + 1, function: name };
}

module.exports = { Inspection };
