'use strict';
// Loads a heap snapshot with memlab, dominators and retained sizes included. Usage: node memlab.js FILE

const { getFullHeapFromFile } = require('@memlab/heap-analysis');

getFullHeapFromFile(process.argv[2]).then((heap) => {
  console.log(JSON.stringify({ nodes: heap.nodes.length }));
});
