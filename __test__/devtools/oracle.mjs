// Loads a heap snapshot with Chrome DevTools' own code and prints what it computes, as JSON:
//   { nodes, edges, totalBytes, classes: [{ name, scriptPosition, count, shallowBytes, retainedBytes, distance }] }
// Usage: node oracle.mjs FILE [--load-only]

import { createReadStream } from 'node:fs';
import { MessageChannel } from 'node:worker_threads';
import { HeapSnapshotLoader, HeapSnapshotNode, SecondaryInitManager } from './node_modules/.cache/bundle.mjs';

const UNREACHED = -5;

// Node 20 lacks it.
Promise.withResolvers ??= function () {
  let settle;
  const promise = new Promise((resolve, reject) => { settle = { resolve, reject }; });
  return { promise, ...settle };
};

// DevTools counts under a number (the index of the class name) and merges the counts under the name afterwards, so
// that of two classes of one name only the last survives: where some constructor is named `Function`, every closure
// is lost from its table. Counting under the name to begin with is what its authors meant.
const { classKeyInternal } = HeapSnapshotNode.prototype;
HeapSnapshotNode.prototype.classKeyInternal = function () {
  const key = classKeyInternal.call(this);
  return typeof key === 'number' ? `,${this.className()}` : key;
};

/** @param {string} file */
async function load(file) {
  const loader = new HeapSnapshotLoader({ sendEvent() {} });
  for await (const chunk of createReadStream(file, { encoding: 'utf8', highWaterMark: 1 << 20 })) loader.write(chunk);
  loader.close();
  await loader.parsingComplete;
  const { port1, port2 } = new MessageChannel();
  new SecondaryInitManager(port2);
  const snapshot = await loader.buildSnapshot(port1);
  port1.close();
  return snapshot;
}

/** @param {string} key */
function scriptPosition(key) {
  const place = /^(\d+),(\d+),(\d+),/.exec(key);
  return place && { scriptId: Number(place[1]), line: Number(place[2]), column: Number(place[3]) };
}

console.warn = () => {}; // DevTools warns about nodes without retainers.
const snapshot = await load(process.argv[2]);
if (process.argv.includes('--load-only')) {
  console.log(JSON.stringify({ nodes: snapshot.nodeCount, retainedBytes: snapshot.rootNode().retainedSize() }));
} else {
  const aggregates = snapshot.getAggregatesByClassKey(false, 'allObjects');
  const classes = Object.entries(aggregates).map(([key, { name, count, self, maxRet, distance }]) => ({
    name,
    scriptPosition: scriptPosition(key),
    count,
    shallowBytes: self,
    retainedBytes: maxRet,
    distance: distance === UNREACHED ? null : distance,
  }));
  const edges = snapshot.containmentEdges.length / snapshot.edgeFieldsCount;
  console.log(JSON.stringify({ nodes: snapshot.nodeCount, edges, totalBytes: snapshot.totalSize, classes }));
}
