'use strict';
// Other instrumentations, each with a way in, a way out where it has one, and a way to see that it works.
const assert = require('node:assert/strict');
const { EventEmitter } = require('node:events');
const http = require('node:http');

/**
 * @typedef {object} Instrument
 * @property {() => any} install
 * @property {(installed: any) => void} [remove] absent when it stays for the life of the process
 * @property {(installed: any) => void} [check] throws unless it has seen the work
 * @property {boolean} [fakesTimers] time stands still while it is in
 */

/** @type {Record<string, () => Instrument | Promise<Instrument>>} */
const instruments = {
  opentelemetry() {
    const { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } = require('@opentelemetry/sdk-trace-node');
    const { ExpressInstrumentation } = require('@opentelemetry/instrumentation-express');
    const { HttpInstrumentation } = require('@opentelemetry/instrumentation-http');
    const exporter = new InMemorySpanExporter();
    new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register();
    let instrumentations;
    return {
      install() {
        exporter.reset();
        if (instrumentations) instrumentations.forEach((instrumentation) => instrumentation.enable());
        else instrumentations = [new HttpInstrumentation(), new ExpressInstrumentation()];
        loadHooked();
      },
      remove: () => instrumentations.forEach((instrumentation) => instrumentation.disable()),
      check() {
        const names = exporter.getFinishedSpans().map(({ name }) => name);
        for (const name of ['GET', 'GET /work/:id', 'request handler']) assert.ok(names.includes(name), `no ${name} among ${names}`);
      },
    };
  },

  shimmer() {
    const shimmer = require('shimmer');
    const places = [
      [EventEmitter.prototype, ['on', 'addListener', 'prependListener', 'emit']],
      [EventTarget.prototype, ['addEventListener', 'removeEventListener']],
      [require('node:timers'), ['setTimeout', 'setInterval', 'setImmediate']],
      [globalThis, ['setTimeout', 'setInterval', 'setImmediate']],
      [require('node:fs'), ['open', 'openSync', 'close', 'closeSync']],
      [require('node:fs').promises, ['open']],
      [http.Server.prototype, ['emit']],
      [http.ServerResponse.prototype, ['emit']],
    ];
    const counting = (calls) => (original, name) => {
      return function (...args) {
        calls.add(name);
        return original.apply(this, args);
      };
    };
    return {
      install() {
        const calls = new Set();
        for (const [object, names] of places) shimmer.massWrap([object], names, counting(calls));
        return calls;
      },
      remove: () => places.forEach(([object, names]) => shimmer.massUnwrap([object], names)),
      check: (calls) => assert.ok(['on', 'emit', 'setTimeout', 'setInterval', 'open', 'addEventListener'].every((name) => calls.has(name)), [...calls].join()),
    };
  },

  'emitter-listener'() {
    const wrapEmitter = require('emitter-listener');
    return {
      install() {
        const seen = { added: 0, emitted: 0 };
        wrapEmitter(process, () => (seen.added += 1), (listener) => {
          seen.emitted += 1;
          return listener;
        });
        process.on('interop', () => {});
        process.emit(/** @type {any} */ ('interop'));
        return seen;
      },
      remove() {
        process.removeAllListeners('interop');
        /** @type {any} */ (process).__unwrap();
        Reflect.deleteProperty(process, '__unwrap');
      },
      check: ({ added, emitted }) => assert.ok(added > 0 && emitted > 0),
    };
  },

  'async-listener'() {
    return {
      install() {
        require('async-listener');
        const seen = { created: 0, before: 0 };
        /** @type {any} */ (process).addAsyncListener({ create: () => (seen.created += 1), before: () => (seen.before += 1) });
        return seen;
      },
      check: ({ created, before }) => assert.ok(created > 0 && before > 0),
    };
  },

  'cls-hooked'() {
    const { createNamespace, destroyNamespace } = require('cls-hooked');
    return {
      install() {
        const space = createNamespace('interop');
        const values = [];
        const onTimer = () => values.push(space.get('who'));
        space.run(() => {
          space.set('who', 'me');
          setTimeout(onTimer, 1);
        });
        const bound = new EventEmitter();
        space.bindEmitter(bound);
        bound.on('x', () => {});
        return values;
      },
      remove: () => destroyNamespace('interop'),
      check: (values) => assert.deepEqual(values, ['me']),
    };
  },

  'jest modern'() {
    const { ModernFakeTimers } = require('@jest/fake-timers');
    return fakes(new ModernFakeTimers({ config: /** @type {any} */ ({ rootDir: __dirname }), global: globalThis }));
  },

  'jest legacy'() {
    const { LegacyFakeTimers } = require('@jest/fake-timers');
    const { ModuleMocker } = require('jest-mock');
    const timerConfig = { idToRef: (id) => id, refToId: (ref) => ref };
    const config = /** @type {any} */ ({ rootDir: __dirname });
    return fakes(new LegacyFakeTimers({ config, global: globalThis, moduleMocker: new ModuleMocker(globalThis), timerConfig }));
  },

  'sinon fake timers'() {
    const sinon = require('sinon');
    return {
      install: () => sinon.useFakeTimers(),
      remove: (clock) => clock.restore(),
      check: (clock) => checkFakes((ms) => clock.tick(ms)),
      fakesTimers: true,
    };
  },

  'sinon spies'() {
    const sinon = require('sinon');
    return {
      install: () => [sinon.spy(EventEmitter.prototype, 'on'), sinon.spy(globalThis, 'setTimeout'), sinon.spy(require('node:fs'), 'open')],
      remove: (spies) => spies.forEach((spy) => spy.restore()),
      check: (spies) => spies.forEach((spy) => assert.ok(spy.called)),
    };
  },

  async 'dd-trace'() {
    // Its agent is this process: what it would send elsewhere ends here.
    let received = '';
    const agent = http.createServer((request, response) => {
      request.setEncoding('latin1').on('data', (chunk) => (received += chunk));
      request.on('end', () => response.end('{}'));
    });
    agent.listen(0, '127.0.0.1');
    await new Promise((resolve) => agent.once('listening', resolve));
    agent.unref();
    Object.assign(process.env, {
      DD_INSTRUMENTATION_TELEMETRY_ENABLED: 'false',
      DD_REMOTE_CONFIGURATION_ENABLED: 'false',
      DD_RUNTIME_METRICS_ENABLED: 'false',
      DD_TRACE_STARTUP_LOGS: 'false',
    });
    const { port } = /** @type {import('node:net').AddressInfo} */ (agent.address());
    return {
      install() {
        const tracer = require('dd-trace').init({ url: `http://127.0.0.1:${port}`, flushInterval: 10 });
        loadHooked();
        return tracer;
      },
      async check() {
        for (let n = 0; n < 500 && !received.includes('GET /work/:id'); n++) await new Promise((resolve) => setTimeout(resolve, 10));
        assert.ok(received.includes('GET /work/:id'), 'no trace of the route arrived');
      },
    };
  },

  'new relic'() {
    // What runs without a server of theirs sends nothing.
    Object.assign(process.env, {
      NEW_RELIC_APP_NAME: 'interop',
      NEW_RELIC_LOG_ENABLED: 'false',
      NEW_RELIC_NO_CONFIG_FILE: 'true',
      NEW_RELIC_SERVERLESS_MODE_ENABLED: 'true',
    });
    const names = [];
    return {
      install() {
        const { agent } = require('newrelic');
        agent.on('transactionFinished', ({ name }) => names.push(name));
        loadHooked();
      },
      check: () => assert.ok(names.includes('WebTransaction/Expressjs/GET//work/:id'), `no transaction of the route among ${names}`),
    };
  },
};

/** Tracers patch a module when it is next required. */
function loadHooked() {
  for (const name of ['http', 'http2', 'https', 'express']) require(name);
}

function fakes(timers) {
  return {
    install() {
      timers.useFakeTimers();
      return timers;
    },
    remove: () => timers.useRealTimers(),
    check: () => checkFakes((ms) => timers.advanceTimersByTime(ms)),
    fakesTimers: true,
  };
}

/** Fake time moves by hand, whatever is patched over or under it. */
function checkFakes(advance) {
  const order = [];
  const interval = setInterval(() => order.push('interval'), 20);
  setTimeout((value) => order.push(value), 50, 'timeout');
  clearTimeout(setTimeout(() => order.push('never'), 10));
  advance(55);
  clearInterval(interval);
  advance(100);
  assert.deepEqual(order, ['interval', 'interval', 'timeout']);
}

module.exports = { instruments };
