'use strict';
// leakwatch beside OpenTelemetry, dd-trace, New Relic, shimmer, async-listener, CLS, jest's and sinon's fakes: whoever comes or
// leaves first, the application works, both see what they look for, and nothing of leakwatch is left.
const test = require('node:test');
const assert = require('node:assert/strict');
const { nodes } = require('./fixtures/nodes.js');
const { prepare, run } = require('./interop/index.js');

prepare();

const BOTH = ['timer', 'listener'];
/** Instruments that can leave, and what leakwatch still sees then: fakes and spies put back what they found. */
const LEAVING = {
  opentelemetry: { after: BOTH },
  shimmer: { after: BOTH },
  'emitter-listener': { after: BOTH },
  'cls-hooked': { after: BOTH },
  'jest modern': { after: ['listener'], fakesTimers: true },
  'jest legacy': { after: ['listener'], fakesTimers: true, putsBackNodes: true },
  'sinon fake timers': { after: ['listener'], fakesTimers: true },
  'sinon spies': { after: ['timer'] },
};
const STAYING = ['async-listener', 'dd-trace', 'new relic'];

for (const { node, version } of nodes()) {
  for (const [name, { after, fakesTimers, putsBackNodes }] of Object.entries(LEAVING)) {
    const sees = fakesTimers ? {} : { '+leakwatch': BOTH };
    const also = fakesTimers ? {} : { '+other': BOTH };
    const first = { '+leakwatch': BOTH, ...also };

    check(name, version, '+other +leakwatch -leakwatch -other', async (order) => {
      const { left, ...rest } = await run(node, name, order);
      assert.deepEqual([rest, left], [{ broken: [], seen: sees, ours: [] }, []]);
    });
    // What was wrapped by somebody cannot always leave before them: what is left then is theirs.
    check(name, version, '+other +leakwatch -other -leakwatch', async (order) => {
      const { left, ...rest } = await run(node, name, order);
      assert.deepEqual(rest, { broken: [], seen: { ...sees, '-other': after }, ours: [] });
    });
    check(name, version, '+leakwatch +other -other -leakwatch', async (order) => {
      const { left, ...rest } = await run(node, name, order);
      assert.deepEqual([rest, left], [{ broken: [], seen: { ...first, '-other': putsBackNodes ? after : BOTH }, ours: [] }, []]);
    });
    check(name, version, '+leakwatch +other -leakwatch -other', async (order) => {
      const { left, ...rest } = await run(node, name, order);
      assert.deepEqual([rest, left], [{ broken: [], seen: first, ours: [] }, []]);
    });
  }
  for (const name of STAYING) {
    check(name, version, '+other +leakwatch -leakwatch', async (order) => {
      const { left, ...rest } = await run(node, name, order);
      assert.deepEqual(rest, { broken: [], seen: { '+leakwatch': BOTH }, ours: [] });
    });
    check(name, version, '+leakwatch +other -leakwatch', async (order) => {
      const { broken, seen } = await run(node, name, order);
      assert.deepEqual({ broken, seen }, { broken: [], seen: { '+other': BOTH } });
    });
  }
}

function check(name, version, order, body) {
  test(`${name} ${order}, ${version}`, () => body(order));
}
