'use strict';
// Writes heap snapshots of odd shapes, as V8 would write them: a linked list of a million objects, an object with a
// million properties, five million strings. Usage: node shapes.js FILE list|star|strings

const fs = require('node:fs');

const MILLION = 1e6;
const FIELDS = 6;
const [SYNTHETIC, OBJECT, STRING] = [9, 3, 2];
const [ELEMENT, PROPERTY, SHORTCUT] = [1, 2, 5];

const META = {
  node_fields: ['type', 'name', 'id', 'self_size', 'edge_count', 'detachedness'],
  node_types: [
    ['hidden', 'array', 'string', 'object', 'code', 'closure', 'regexp', 'number', 'native', 'synthetic',
      'concatenated string', 'sliced string', 'symbol', 'bigint', 'object shape', 'wasm object'],
    'string', 'number', 'number', 'number', 'number',
  ],
  edge_fields: ['type', 'name_or_index', 'to_node'],
  edge_types: [['context', 'element', 'property', 'internal', 'hidden', 'shortcut', 'weak'], 'string_or_number', 'node'],
  trace_function_info_fields: [],
  trace_node_fields: [],
  sample_fields: [],
  location_fields: ['object_index', 'script_id', 'line', 'column'],
};

/**
 * Each shape: how many nodes hang on the first object, what the nodes are, and the edges of node `i` of these.
 * @type {Record<string, { count: number, type: number, first: (count: number) => Iterable<number[]>, edges: (i: number, count: number) => number[][], strings: number }>}
 */
const SHAPES = {
  list: { count: MILLION, type: OBJECT, first: () => [[PROPERTY, 2, 2]], edges: (i, count) => (i + 1 < count ? [[PROPERTY, 2, i + 3]] : []), strings: 0 },
  star: { count: MILLION, type: OBJECT, first: spokes, edges: () => [], strings: 0 },
  strings: { count: 5 * MILLION, type: STRING, first: spokes, edges: () => [], strings: 5 * MILLION },
};

/** @param {number} count */
function* spokes(count) {
  for (let i = 0; i < count; i++) yield [ELEMENT, i, i + 2];
}

/**
 * @param {string} file
 * @param {string} name
 */
function write(file, name) {
  const { count, type, first, edges, strings } = SHAPES[name];
  const out = new Writer(file);
  const below = name === 'list' ? 1 : count;
  out.write(`{"snapshot":{"meta":${JSON.stringify(META)},"node_count":${count + 2},"edge_count":${count + 1},"trace_function_count":0,"extra_native_bytes":0},\n"nodes":[`);
  out.write(`${SYNTHETIC},0,1,0,1,0\n,${OBJECT},1,3,40,${below},0\n`);
  for (let i = 0; i < count; i++) out.write(`,${type},${strings > 0 ? i + 3 : 1},${i * 2 + 5},24,${edges(i, count).length},0\n`);
  out.write(`],\n"edges":[${SHORTCUT},1,${FIELDS}\n`);
  for (const edge of first(count)) out.edge(edge);
  for (let i = 0; i < count; i++) edges(i, count).forEach((edge) => out.edge(edge));
  out.write('],\n"trace_function_infos":[],\n"trace_tree":[],\n"samples":[],\n"locations":[],\n"strings":["(root)",\n"Thing",\n"next"');
  for (let i = 0; i < strings; i++) out.write(`,\n"a string of some length, number ${i}"`);
  out.write(']}\n');
  out.close();
}

class Writer {
  /** @param {string} file */
  constructor(file) {
    this.descriptor = fs.openSync(file, 'w', 0o600);
    this.text = '';
  }

  /** @param {number[]} edge type, name or index, target node */
  edge([type, name, target]) { this.write(`,${type},${name},${target * FIELDS}\n`); }

  /** @param {string} text */
  write(text) {
    this.text += text;
    if (this.text.length > 1 << 20) this.flush();
  }

  flush() {
    fs.writeSync(this.descriptor, this.text);
    this.text = '';
  }

  close() {
    this.flush();
    fs.closeSync(this.descriptor);
  }
}

write(process.argv[2], process.argv[3]);
