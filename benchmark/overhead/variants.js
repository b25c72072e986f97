'use strict';
// What is added to an Express app. Each is called before Express is loaded and returns its middleware, if it has one.
const { EventEmitter } = require('node:events');
const { setTimeout: sleep } = require('node:timers/promises');
const vm = require('node:vm');

const { keepData } = require('./data.js');

const leakWatch = (options) => require('../..')({ prove: false, ...options });

/** @type {Record<string, { what: string, add: () => any }>} */
const variants = {
  bare: { what: 'nothing', add: () => undefined },
  again: { what: 'nothing, once more: what two servers that do the same differ by', add: () => undefined },
  empty: { what: 'an empty middleware', add: () => (req, res, next) => next() },
  data: { what: 'half a megabyte of plain objects, which is what leakWatch() keeps in V8\'s heap', add: () => void keepData(0.5) },
  script: { what: 'a script compiled with vm, once: what any app may do', add: () => void setTimeout(() => vm.runInThisContext('0'), 1000) },
  watch: { what: 'leakWatch()', add: () => leakWatch() },
  contexts: { what: 'leakWatch({ contexts: true }): a context for each request', add: () => leakWatch({ contexts: true }) },
  stacks: { what: 'leakWatch() while timers grow: creation stacks of timers', add: growTimers },
  sampling: { what: 'V8\'s sampling of allocations, as leakWatch() has it while it proves', add: () => void new (require('../../lib/monitor/allocations.js').AllocationSampler)().start() },
  all: { what: 'leakWatch({ track: "all" })', add: () => leakWatch({ track: 'all' }) },
  prom: { what: 'express-prom-bundle', add: () => require('express-prom-bundle')({ includeMethod: true, includePath: true, promClient: { collectDefaultMetrics: {} } }) },
  why: { what: 'importing why-is-node-running', add: () => void require('why-is-node-running') },
  'on stack': { what: 'a stack on every EventEmitter.on', add: takeStacks },
  otel: { what: 'OpenTelemetry, http and express', add: trace },
};

/** Makes timers that nobody clears until leakwatch takes the stacks of new ones. */
async function growTimers() {
  const watch = leakWatch({ intervalMs: 500 });
  const follows = () => watch.resources().some(({ kind, site }) => kind === 'timer' && site.length > 0);
  while (!follows()) {
    for (let n = 0; n < 3; n++) setInterval(() => {}, 3_600_000);
    await sleep(100);
  }
  return watch;
}

function takeStacks() {
  const { on } = EventEmitter.prototype;
  const sites = new WeakMap();
  EventEmitter.prototype.on = EventEmitter.prototype.addListener = function (event, listener) {
    if (typeof listener === 'function') sites.set(listener, new Error().stack);
    return on.call(this, event, listener);
  };
}

/** Spans are made and thrown away: what sends them is not measured. */
function trace() {
  const { BatchSpanProcessor, NodeTracerProvider } = require('@opentelemetry/sdk-trace-node');
  const { ExpressInstrumentation } = require('@opentelemetry/instrumentation-express');
  const { HttpInstrumentation } = require('@opentelemetry/instrumentation-http');
  const nowhere = { export: (spans, done) => done({ code: 0 }), shutdown: async () => {} };
  new NodeTracerProvider({ spanProcessors: [new BatchSpanProcessor(nowhere)] }).register();
  return void [new HttpInstrumentation(), new ExpressInstrumentation()];
}

module.exports = { leakWatch, variants };
