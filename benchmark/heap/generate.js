'use strict';
// Writes two heap snapshots of one process: the first of about so many megabytes, the second after its heap grew by a
// twentieth. The heap is like a server's: records in maps and arrays, strings, closures, buffers.
// Usage: node generate.js BEFORE AFTER MEGABYTES

const { writeHeapSnapshot } = require('node:v8');

/** Measured on Node 20-26: what one record and all it holds adds to the file. */
const BYTES_PER_RECORD = 1150;
/** What a Node without any record writes. */
const BYTES_OF_NODE = 5e6;

class Address {
  constructor(i) { this.street = `${i} Main Street`; this.zip = i % 99999; }
}

class Customer {
  constructor(i) {
    this.id = i;
    this.name = `customer ${i}`;
    this.address = new Address(i);
    this.orders = [{ sku: `sku-${i % 1000}`, count: i % 7 }, { sku: `sku-${i % 777}`, count: 1, note: { text: `note ${i}` } }];
    this.onChange = () => this.id;
    this.seen = i % 10 === 0 ? new Set([i, `${i}`]) : null;
    this.raw = i % 50 === 0 ? Buffer.alloc(64) : null;
  }
}

const [before, after, megabytes] = process.argv.slice(2);
const customers = new Map();
const records = Math.round((Number(megabytes) * 1e6 - BYTES_OF_NODE) / BYTES_PER_RECORD);
globalThis.customers = customers;
for (const [file, count] of /** @type {[string, number][]} */ ([[before, records], [after, records * 1.05]])) {
  for (let i = customers.size; i < count; i++) customers.set(`key-${i}`, new Customer(i));
  writeHeapSnapshot(file);
}
