'use strict';
// leakWatch() as people use it: in front of a real Express 4 and 5, with the defaults of production.
const test = require('node:test');
const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const fixture = path.join(__dirname, 'fixtures', 'watched.js');
const lines = fs.readFileSync(fixture, 'utf8').split('\n');
const lineOf = (mark) => lines.findIndex((line) => line.includes(`// leak: ${mark}`)) + 1;
const NODE = process.env.TEST_NODE || process.execPath;

function run(express) {
  const child = spawnSync(NODE, ['--expose-gc', '--no-warnings', fixture], { encoding: 'utf8', timeout: 240_000, env: { ...process.env, EXPRESS: express } });
  assert.equal(child.status, 0, child.stderr);
  return JSON.parse(child.stdout);
}

for (const express of ['express', 'express4']) {
  test(express, async (t) => {
    const { told, report, resources, oneWatch, kept } = run(express);
    const at = (mark) => resources.find(({ site }) => site[0]?.file === fixture && site[0].line === lineOf(mark));

    await t.test('there is one watch', () => assert.ok(oneWatch));
    await t.test('routes are patterns with their mount path', () => {
      const routes = Object.fromEntries(report.routes.map(({ route, requests }) => [route, requests]));
      assert.equal(routes['GET /api/:version/memory'], 4);
      assert.equal(routes['GET /api/:version/healthy'], routes['GET /api/:version/timer']);
      assert.equal(Object.keys(routes).length, 7);
    });
    await t.test('timers that pile up get their site and route', () => {
      assert.equal(at('timer').name, 'setInterval');
      assert.equal(at('timer').delayMs, 60_000);
      assert.equal(at('timer').routes[0].route, 'GET /api/:version/timer');
    });
    for (const [mark, event, holder] of [['listener', 'order', 'EventEmitter'], ['raised', 'order', 'EventEmitter'], ['signal', 'abort', 'AbortSignal']]) {
      await t.test(`${mark}: listeners that pile up get their site and route`, () => {
        assert.equal(at(mark).name, event);
        assert.equal(at(mark).holder, holder);
        assert.equal(at(mark).routes[0].route, `GET /api/:version/${mark}`);
      });
    }
    await t.test('no listener is lost: those older than the pile count without a site', () => {
      const timers = report.routes.find(({ route }) => route === 'GET /api/:version/listener').requests;
      const listeners = resources.filter(({ kind, name }) => kind === 'listener' && name === 'order');
      assert.equal(listeners.reduce((sum, { count }) => sum + count, 0), 2 * timers);
    });
    await t.test('requests that outlive their response belong to the route that keeps them', () => {
      const survivors = resources.filter(({ kind }) => kind === 'request').flatMap(({ routes }) => routes);
      const leaky = survivors.find(({ route }) => route === 'GET /api/:version/survivor');
      assert.equal(leaky.count, kept - 4);
      // A keep-alive connection holds the last request it served.
      assert.ok(survivors.every((row) => row === leaky || row.count <= 2), JSON.stringify(survivors));
    });
    await t.test('the leak event brings a report that names the leaks', () => {
      assert.ok(told.every(({ verdict }) => verdict === 'leaking'));
      const suspect = told.flatMap(({ suspects }) => suspects).find(({ createdAt }) => createdAt[0]?.line === lineOf('timer'));
      assert.deepEqual([suspect.kind, suspect.name, suspect.routes], ['timer', 'Timeout', ['GET /api/:version/timer']]);
      assert.equal(path.resolve(__dirname, 'fixtures', suspect.createdAt[0].file.split('/').at(-1)), fixture);
    });
    await t.test('the stretch that keeps memory is named', () => {
      const stretch = report.checkpoints.find(({ from, to }) => from === 'before' && to === 'after');
      assert.equal(stretch.requests, 4);
      // Four times an array of 2,000,000 elements of 8 bytes, less what the process lets go meanwhile.
      assert.ok(stretch.heapBytes > 58_000_000 && stretch.heapBytes < 70_000_000, String(stretch.heapBytes));
      const back = report.checkpoints.find(({ from, to }) => from === 'after' && to === 'before');
      assert.ok(Math.abs(back.heapBytes) < 6_000_000, String(back.heapBytes));
    });
  });
}
