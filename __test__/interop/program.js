'use strict';
// Puts leakwatch and another instrumentation in and out in one order, and prints what broke and what is left.
// argv: instrument, order such as `+other +leakwatch -leakwatch -other`
const { EventEmitter, once } = require('node:events');
const fs = require('node:fs');
const http = require('node:http');
const { setImmediate: turn } = require('node:timers');
const { setTimeout: sleep } = require('node:timers/promises');
const { differences, photograph } = require('../helpers/photograph.js');
const leakWatch = require('../..');
const { instruments } = require('./instruments.js');

const [name, order] = process.argv.slice(2);
/** What the application answers, whoever is there. */
const EXPECTED = JSON.stringify([0, 1, 2].map((n) => ['first', 'second', true, 'x', 2, `${n}`, 'number']).map((answer) => JSON.stringify(answer)).concat('not found'));

/** What an application does, and what it sees of it. */
async function work() {
  const app = require('express')();
  const bus = new EventEmitter();
  app.get('/work/:id', async (req, res) => {
    const seen = [];
    bus.once('order', function (value) { seen.push(value, this === bus); });
    bus.prependListener('order', () => seen.push('first'));
    bus.emit('order', 'second');
    const target = new EventTarget();
    target.addEventListener('x', ({ type }) => seen.push(type), { once: true });
    target.dispatchEvent(new Event('x'));
    await new Promise((resolve) => setTimeout(resolve, 1, 'late'));
    let ticks = 0;
    await new Promise((resolve) => { const timer = setInterval(() => ++ticks === 2 && resolve(clearInterval(timer)), 1); });
    const handle = await fs.promises.open(__filename);
    await handle.close();
    fs.open(__filename, (error, fd) => fs.close(fd, () => res.json([...seen, ticks, req.params.id, typeof fd])));
  });
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  const answers = [];
  for (let n = 0; n < 3; n++) answers.push(await get(`http://127.0.0.1:${port}/work/${n}`));
  answers.push(await get(`http://127.0.0.1:${port}/nowhere`).then((text) => text.includes('Cannot GET') ? 'not found' : text));
  server.close();
  await once(server, 'close');
  return JSON.stringify(answers);
}

function get(url) {
  return new Promise((resolve, reject) => {
    http.get(url, { agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += chunk)).on('end', () => resolve(text));
    }).on('error', reject);
  });
}

const kept = new EventEmitter().setMaxListeners(0);

/** Whether leakwatch sees what is made now, with the right line. */
function sees(watch) {
  const timers = [];
  for (let n = 0; n < 6; n++) timers.push(setInterval(() => {}, 60_000)); // leak: timer
  for (let n = 0; n < 6; n++) kept.on('x', () => {}); // leak: listener
  const groups = watch.resources();
  const lines = fs.readFileSync(__filename, 'utf8').split('\n');
  timers.forEach((timer) => clearInterval(timer));
  kept.removeAllListeners();
  return ['timer', 'listener'].filter((kind) => groups.some(({ site, count }) => count >= 3 && site.some(({ file, line }) => file === __filename && lines[line - 1].includes(`// leak: ${kind}`))));
}

async function main() {
  const instrument = await instruments[name]();
  if (instrument.remove) {
    // What is loaded late is loaded, and what the instrumentation leaves behind by itself is not leakwatch's.
    instrument.remove(instrument.install());
    await work();
  }
  const bare = photograph();
  let alone = bare;
  let watch;
  let installed;
  const steps = {
    '+leakwatch': () => (watch = leakWatch({ track: 'all', intervalMs: 100, prove: false })),
    '-leakwatch': () => (watch = void watch.stop()),
    '+other': () => (installed = { value: instrument.install() }),
    '-other': () => (installed = void instrument.remove(installed.value)),
  };
  const broken = [];
  const seen = {};
  for (const step of order.split(' ')) {
    steps[step]();
    // Time stands still, or the instrumentation wants to be there before Express is loaded.
    const idle = installed ? instrument.fakesTimers : !instrument.remove;
    const answers = idle ? EXPECTED : await work();
    if (answers !== EXPECTED) broken.push(`${step}: ${answers}`);
    if (installed) await instrument.check?.(installed.value);
    if (step === '+other' && !watch) alone = photograph();
    if (watch && !idle) seen[step] = sees(watch);
  }
  await settle();
  const now = photograph();
  const left = differences(bare, now);
  const theirs = differences(alone, now);
  process.stdout.write(JSON.stringify({ broken, seen, left, ours: left.filter((difference) => theirs.includes(difference)) }), () => process.exit());
}

/** Lets everything that is late be over. */
async function settle() {
  await sleep(5);
  await new Promise((resolve) => turn(resolve));
}

main();
