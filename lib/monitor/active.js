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
 * The part of what is active that no tracker has seen being created: a count without a site.
 * @param {Record<string, number>} active
 * @param {import('../track/index.js').ResourceGroup[]} tracked
 * @returns {import('../track/index.js').ResourceGroup[]}
 */
function untracked(active, tracked) {
  return Object.entries(active).flatMap(([type, count]) => {
    const [kind, name] = NAMES[type] ?? ['handle', type];
    const known = tracked.filter((group) => group.kind === kind && (kind !== 'handle' || group.name === name));
    const rest = count - known.reduce((sum, group) => sum + group.count, 0);
    return rest > 0 ? [{ kind, name, holder: null, count: rest, created: rest, oldestMs: 0, delayMs: null, site: [], routes: [] }] : [];
  });
}

module.exports = { countActive, untracked };
