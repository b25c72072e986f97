// Loads a heap snapshot with Chrome DevTools' own code and prints what it computes, as JSON:
//   { nodes, edges, totalBytes, classes: [{ name, scriptPosition, count, shallowBytes, retainedBytes, distance }] }
// Usage: node oracle.mjs FILE

import { load } from './load.mjs';

const UNREACHED = -5;

/** @param {string} key */
function scriptPosition(key) {
  const place = /^(\d+),(\d+),(\d+),/.exec(key);
  return place && { scriptId: Number(place[1]), line: Number(place[2]), column: Number(place[3]) };
}

const snapshot = await load(process.argv[2]);
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
