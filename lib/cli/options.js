'use strict';
const fs = require('node:fs');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { LeakWatchError } = require('../errors.js');
const { parseHeaders, parseRequest } = require('./request.js');

/**
 * @typedef {object} TestOptions
 * @property {string} entry
 * @property {string[]} args for the app
 * @property {import('./request.js').RequestSpec[]} requests empty with a traffic module
 * @property {string | null} traffic
 * @property {number} rounds
 * @property {number | null} requestsPerRound null: chosen by how the app behaves
 * @property {number | null} warmup null: likewise
 * @property {number} concurrency
 * @property {string} node
 * @property {string[]} nodeArgs
 * @property {number | undefined} port
 * @property {string | null} json
 * @property {string | null} keepSnapshots
 * @property {number} timeoutMs
 */

const DEFAULTS = { rounds: 6, concurrency: 8, timeoutSeconds: 300 };
// A trend wants at least this many intervals.
const MIN_ROUNDS = 3;

const OPTIONS = /** @type {const} */ ({
  request: { type: 'string', multiple: true },
  header: { type: 'string', multiple: true },
  traffic: { type: 'string' },
  concurrency: { type: 'string' },
  warmup: { type: 'string' },
  requests: { type: 'string' },
  rounds: { type: 'string' },
  timeout: { type: 'string' },
  node: { type: 'string' },
  'node-arg': { type: 'string', multiple: true },
  port: { type: 'string' },
  json: { type: 'string' },
  'keep-snapshots': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
});

/**
 * @param {string[]} argv what follows `leakwatch test`
 * @returns {TestOptions | null} null when help was asked for
 * @throws {LeakWatchError} ERR_LEAKWATCH_OPTION
 */
function parseTestOptions(argv) {
  const [own, args] = splitAtDashes(argv);
  const { values, positionals } = parse(own);
  if (values.help) return null;
  if (values.traffic !== undefined && (values.request || values.header || values.concurrency)) {
    throw wrong('--traffic cannot be combined with --request, --header or --concurrency: the module sends everything itself. Leave one of them out.');
  }
  return {
    entry: entryFile(positionals, 'test'),
    args,
    requests: values.traffic === undefined ? requests(values) : [],
    traffic: values.traffic === undefined ? null : existing('--traffic', values.traffic),
    rounds: integer('--rounds', values.rounds, MIN_ROUNDS, 1000) ?? DEFAULTS.rounds,
    requestsPerRound: integer('--requests', values.requests, 1, 1_000_000) ?? null,
    warmup: integer('--warmup', values.warmup, 1, 1_000_000) ?? null,
    concurrency: integer('--concurrency', values.concurrency, 1, 1000) ?? DEFAULTS.concurrency,
    node: values.node === undefined ? process.execPath : existing('--node', values.node),
    nodeArgs: values['node-arg'] ?? [],
    port: integer('--port', values.port, 1, 65_535),
    json: /** @type {string | undefined} */ (values.json) ?? null,
    keepSnapshots: /** @type {string | undefined} */ (values['keep-snapshots']) ?? null,
    timeoutMs: 1000 * (integer('--timeout', values.timeout, 1, 86_400) ?? DEFAULTS.timeoutSeconds),
  };
}

function splitAtDashes(argv) {
  const at = argv.indexOf('--');
  return at < 0 ? [argv, []] : [argv.slice(0, at), argv.slice(at + 1)];
}

function parse(args) {
  try {
    return parseArgs({ args, options: OPTIONS, allowPositionals: true });
  } catch (error) {
    const [reason] = /** @type {Error} */ (error).message.split(/\. |\n/);
    throw wrong(`${reason}. 'leakwatch test --help' lists the options; the app's own arguments come after '--'.`);
  }
}

function entryFile(positionals, command) {
  if (positionals.length === 0) throw wrong(`No app was named. Expected its entry file: 'leakwatch ${command} app.js'.`);
  if (positionals.length > 1) throw wrong(`Expected one entry file, got ${positionals.join(', ')}. Put the app's own arguments after '--'.`);
  const [entry] = positionals;
  const candidates = [entry, `${entry}.js`, path.join(entry, 'index.js')];
  if (candidates.some((file) => fs.statSync(file, { throwIfNoEntry: false })?.isFile())) return entry;
  throw wrong(`There is no file ${path.resolve(entry)}. Expected the app's entry file, the one you would start with node.`);
}

function requests(values) {
  const headers = parseHeaders(values.header ?? []);
  return (values.request ?? ['GET /']).map((text) => parseRequest(text, headers));
}

function existing(option, file) {
  if (fs.existsSync(file)) return path.resolve(file);
  throw wrong(`${option} ${file} does not exist (looked for ${path.resolve(file)}).`);
}

function integer(option, text, min, max) {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw wrong(`${option} ${text} is out of range. Expected a whole number from ${min} to ${max}.`);
}

function wrong(message) {
  return new LeakWatchError('ERR_LEAKWATCH_OPTION', message);
}

module.exports = { parseTestOptions, entryFile, existing, splitAtDashes, wrong };
