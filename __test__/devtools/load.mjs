// Loads a heap snapshot with Chrome DevTools' own code.

import { createReadStream } from 'node:fs';
import { MessageChannel } from 'node:worker_threads';
import { HeapSnapshotLoader, HeapSnapshotNode, SecondaryInitManager } from './node_modules/.cache/bundle.mjs';

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

/**
 * The analysed snapshot, as DevTools holds it in its worker.
 * @param {string} file
 */
export async function load(file) {
  console.warn = () => {}; // DevTools warns about nodes without retainers.
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
