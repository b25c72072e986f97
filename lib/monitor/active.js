'use strict';

/**
 * What Node calls them when it counts them, and what people know them as.
 * @type {Record<string, [import('../track/index.js').ResourceGroup['kind'], string]>}
 */
const NAMES = {
  FSEventWrap: ['handle', 'FSWatcher'],
  Immediate: ['timer', 'setImmediate'],
  MessagePort: ['handle', 'MessagePort'],
  PipeServerWrap: ['handle', 'Server'],
  PipeWrap: ['handle', 'Pipe'],
  ProcessWrap: ['handle', 'ChildProcess'],
  SignalWrap: ['handle', 'Signal'],
  StatWatcher: ['handle', 'StatWatcher'],
  TCPServerWrap: ['handle', 'Server'],
  TCPSocketWrap: ['socket', 'Socket'],
  TLSWrap: ['handle', 'TLSSocket'],
  TTYWrap: ['handle', 'TTY'],
  Timeout: ['timer', 'Timeout'],
  UDPWrap: ['handle', 'dgram.Socket'],
  Worker: ['worker', 'Worker'],
  Zlib: ['handle', 'Zlib'],
};

/** What keeps the process alive, as Node counts it for nothing. @returns {Record<string, number>} */
function countActive() {
  /** @type {Record<string, number>} */
  const counts = {};
  for (const type of process.getActiveResourcesInfo()) counts[type] = (counts[type] ?? 0) + 1;
  return counts;
}

/**
 * The part of what is active that no tracker has seen being created: a count without a site. Connections and files
 * are told apart by endpoint and path where the system knows them.
 * @param {Record<string, number>} active
 * @param {import('../track/index.js').ResourceGroup[]} tracked
 * @param {OpenFileGroup[]} open descriptors, or none where the system does not tell
 * @returns {import('../track/index.js').ResourceGroup[]}
 */
function untracked(active, tracked, open) {
  // A file's pattern may be another one there: files that are followed are left to the tracker.
  const followsFiles = tracked.some(({ kind }) => kind === 'file');
  const known = open.filter(({ kind, name, state }) => isOfInterest(kind, name, state) && !(kind === 'file' && followsFiles));
  const rows = known.map(({ kind, name, state, count }) => {
    const seen = countOf(tracked.filter((group) => group.kind === kind && group.name === name));
    return rowOf(kind, withState(name, state), count - seen);
  });
  const hasSockets = known.some(({ kind }) => kind === 'socket');
  const rest = restOf(active, tracked).filter(({ kind }) => kind !== 'socket' || !hasSockets);
  return [...rows, ...rest].filter(({ count }) => count > 0);
}

/** Connections of ours, by the system's tables. @param {OpenFileGroup[]} open */
function countOutgoing(open) {
  const outgoing = open.filter(({ kind, name, state }) => kind === 'socket' && state !== 'LISTEN' && !name.endsWith('(incoming)'));
  return countOf(outgoing);
}

function isOfInterest(kind, name, state) {
  return kind === 'socket' ? state !== 'LISTEN' : kind === 'file' && !name.startsWith('/dev/');
}

/** A connection in another state than the usual one is a finding of its own. */
function withState(name, state) {
  return state === null || state === 'ESTABLISHED' ? name : `${name} (${state})`;
}

function rowOf(kind, name, count) {
  const holder = kind === 'socket' ? 'Socket' : null;
  return { kind, name, holder, count, created: count, oldestMs: 0, delayMs: null, site: [], routes: [] };
}

function restOf(active, tracked) {
  return Object.entries(active).map(([type, count]) => {
    const [kind, name] = NAMES[type] ?? ['handle', type];
    const known = tracked.filter((group) => group.kind === kind && (kind !== 'handle' || group.name === name));
    return rowOf(kind, name, count - countOf(known));
  });
}

function countOf(groups) {
  return groups.reduce((sum, { count }) => sum + count, 0);
}

module.exports = { countActive, countOutgoing, untracked };

/** @typedef {{ kind: string, name: string, state: string | null, count: number }} OpenFileGroup */
