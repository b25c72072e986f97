'use strict';
// More visitors mean more of what serves them: no leak, until it outlives them.
const test = require('node:test');
const assert = require('node:assert/strict');
const { fork } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { backgroundSupport } = require('..');

const fixture = path.join(__dirname, 'fixtures', 'visitors.js');
const lines = fs.readFileSync(fixture, 'utf8').split('\n');
const lineOf = (what) => lines.findIndex((text) => text.includes(`// visit: ${what}`)) + 1;
/** Far more than is needed: a test ends as soon as it has seen what it is about. */
const MOST_MS = 240_000;

/** What is said of the visitors' timers, listeners, files and, by snapshots, of all that they have. */
const EXPLAINED = {
  timer: new RegExp(`^timer 'setInterval'.*visitors.js:${lineOf('timer')}.* more connections are open`),
  listener: new RegExp(`^listener 'message'.*visitors.js:${lineOf('listener')}.* more connections are open`),
  file: new RegExp(`^file .*visitors.js:${lineOf('file')}.* more connections are open`),
  ...(backgroundSupport().supported ? { snapshots: /grows, but \d+ more connections are open/ } : {}),
};

test('visitors who come and stay are not accused of what serves them', async () => {
  const explained = new Set();
  const { told, report } = await visited({ route: '/healthy', staysMs: MOST_MS }, ({ report: { evidence } }) => {
    for (const [what, pattern] of Object.entries(EXPLAINED)) if (evidence.some((sentence) => pattern.test(sentence))) explained.add(what);
    return explained.size === Object.keys(EXPLAINED).length;
  });
  assert.deepEqual([told, report.verdict], [[], 'undecided']);
  assert.deepEqual([...explained].sort(), Object.keys(EXPLAINED).sort(), report.evidence.join('\n'));
});

test('what outlives visitors who come and go is', async () => {
  const { told } = await visited({ route: '/leak', staysMs: 500 }, ({ told }) => ['timer', 'listener', 'file'].every((kind) => told.some((suspect) => suspect.kind === kind)));
  for (const kind of ['timer', 'listener', 'file']) {
    const { createdAt, routes } = told.find((suspect) => suspect.kind === kind);
    assert.deepEqual([createdAt[0].line, routes], [lineOf(kind), ['GET /leak']]);
  }
});

/**
 * Visits the app until it has seen enough.
 * @param {{ route: string, staysMs: number }} visit
 * @param {(seen: { told: any[], report: any }) => boolean} isEnough
 */
async function visited({ route, staysMs }, isEnough) {
  const app = fork(fixture, { execPath: process.env.TEST_NODE || process.execPath, execArgv: ['--expose-gc', '--no-warnings'] });
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  try {
    const [port] = await once(app, 'message');
    const get = (url, options) => once(http.get({ port, host: '127.0.0.1', path: url, ...options }).on('error', () => {}), 'response');
    let seen;
    const giveUpAt = Date.now() + MOST_MS;
    for (let n = 1; Date.now() < giveUpAt; n++) {
      const [stream] = await get(route, { agent: false });
      stream.on('error', () => {}).resume();
      setTimeout(() => stream.destroy(), staysMs).unref();
      const [answer] = await get('/', { agent });
      await once(answer.resume(), 'end');
      await sleep(10);
      if (n % 50 !== 0) continue;
      app.send('report');
      [seen] = await once(app, 'message');
      if (isEnough(seen)) break;
    }
    return seen;
  } finally {
    agent.destroy();
    app.kill('SIGKILL');
  }
}
