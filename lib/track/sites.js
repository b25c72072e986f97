'use strict';
const path = require('node:path');
const { fileURLToPath } = require('node:url');

/** Raw frames looked at: enough to get out of a framework's and Node's own layers. */
const RAW_FRAMES = 50;
/** Frames kept, innermost first. The last place is for the application when dependencies fill the others. */
const KEPT_FRAMES = 8;
/** Distinct stacks remembered on this side; the table has a limit of its own. */
const MAX_SITES = 8192;

const ownFolder = path.join(__dirname, '..') + path.sep;
const dependency = `${path.sep}node_modules${path.sep}`;

/** Creation sites: the stack of whoever calls, as a number of the native table. */
class Sites {
  #table;
  /** @type {Map<string, number>} */
  #known = new Map();

  /** @param {any} table native TrackTable */
  constructor(table) {
    this.#table = table;
  }

  /**
   * The number of the current stack without Node's and leakwatch's frames; 0 when nothing is left of it.
   * @returns {number}
   */
  here() {
    const frames = applicationFrames(callSites());
    if (frames.length === 0) return 0;
    let key = '';
    for (const { file, callSite } of frames) key += `${file}\n${callSite.getPosition()}\n`;
    return this.#known.get(key) ?? this.#add(key, frames);
  }

  #add(key, frames) {
    const site = this.#table.site(frames.map(toLocation));
    if (this.#known.size < MAX_SITES) this.#known.set(key, site);
    return site;
  }
}

function toLocation({ file, callSite }) {
  return {
    file,
    line: callSite.getLineNumber() ?? 1,
    column: callSite.getColumnNumber() ?? 1,
    function: callSite.getFunctionName() || undefined,
  };
}

function applicationFrames(all) {
  const frames = [];
  let fromApplication = false;
  for (const callSite of all) {
    const file = fileOf(callSite);
    if (!file) continue;
    const isApplication = !file.includes(dependency);
    if (frames.length >= KEPT_FRAMES - 1 && !isApplication && !fromApplication) continue;
    frames.push({ file, callSite });
    fromApplication ||= isApplication;
    if (frames.length === KEPT_FRAMES) break;
  }
  return frames;
}

/** Absolute path of a frame's script, or null for Node's own, leakwatch's own, and evaluated code. */
function fileOf(callSite) {
  const name = callSite.getFileName();
  if (!name || name.startsWith('node:')) return null;
  const file = name.startsWith('file:') ? fileURLToPath(name) : name;
  return path.isAbsolute(file) && !file.startsWith(ownFolder) ? file : null;
}

/** The stack as V8 has it. The application's own settings of `Error` are put back before anything else runs. */
function callSites() {
  const limit = Object.getOwnPropertyDescriptor(Error, 'stackTraceLimit');
  const prepare = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace');
  const holder = /** @type {{ stack?: any }} */ ({});
  try {
    Error.stackTraceLimit = RAW_FRAMES;
    Error.prepareStackTrace = asTheyAre;
    Error.captureStackTrace(holder, callSites);
    return Array.isArray(holder.stack) ? holder.stack : [];
  } catch {
    return []; // `Error` is frozen (--frozen-intrinsics): no sites, but everything else works
  } finally {
    restore('stackTraceLimit', limit);
    restore('prepareStackTrace', prepare);
  }
}

function asTheyAre(_, sites) {
  return sites;
}

function restore(key, descriptor) {
  if (descriptor) Reflect.defineProperty(Error, key, descriptor);
  else Reflect.deleteProperty(Error, key);
}

/** Whether creation sites can be had in this process. */
function canSeeStacks() {
  return callSites().length > 0;
}

module.exports = { Sites, canSeeStacks };
