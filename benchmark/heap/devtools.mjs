// Chrome DevTools' own code on heap snapshots: the classes of one, or what differs between two of one process.
// Usage: node devtools.mjs FILE [LATER FILE]

import { load } from '../../__test__/devtools/load.mjs';

const [before, after] = process.argv.slice(2);
const base = await load(before);
if (after === undefined) {
  console.log(Object.keys(base.getAggregatesByClassKey(false, 'allObjects')).length, 'classes');
} else {
  const snapshot = await load(after);
  // As its summary view of two snapshots does.
  const aggregates = base.aggregatesForDiff(snapshot.interfaceDefinitions());
  console.log(Object.keys(snapshot.calculateSnapshotDiff('base', aggregates)).length, 'classes differ');
}
