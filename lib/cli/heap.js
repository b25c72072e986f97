'use strict';
// The commands about heap snapshots: analyze, compare, path.
const { LeakWatchError } = require('../errors.js');
const help = require('./help.js');
const { parseHeapOptions } = require('./heap-options.js');
const { print, requireWritable, show, textFormat } = require('./output.js');
const { Progress } = require('./progress.js');

const GROWS = 1;

/**
 * @param {string[]} argv what follows `leakwatch analyze`
 * @returns {Promise<number>} the exit code
 */
async function analyze(argv) {
  const options = parseHeapOptions('analyze', argv);
  if (options === null) return print(help.ANALYZE);
  const { files, top } = options;
  await answer(options, (ask, onProgress, format) => ask.analyze(files[0], { top, onProgress }, format));
  return 0;
}

/**
 * @param {string[]} argv what follows `leakwatch compare`
 * @returns {Promise<number>} the exit code
 */
async function compare(argv) {
  const options = parseHeapOptions('compare', argv);
  if (options === null) return print(help.COMPARE);
  const { files, top } = options;
  const comparison = await answer(options, (ask, onProgress, format) => ask.compare(files, { top, onProgress }, format));
  return comparison.growth.some((row) => row.trend === 'growing') ? GROWS : 0;
}

/**
 * @param {string[]} argv what follows `leakwatch path`
 * @returns {Promise<number>} the exit code
 */
async function path(argv) {
  const options = parseHeapOptions('path', argv);
  if (options === null) return print(help.PATH);
  const { files: [file], top: limit, id, className } = options;
  await answer(options, async (ask, onProgress, format) => {
    const found = await ask.explain(file, { id, class: className, limit, onProgress }, format);
    if (found.json === 'null') throw notFound(file, id, className);
    return found;
  });
  return 0;
}

function notFound(file, id, className) {
  const what = id === undefined ? `object of class '${className}'` : `object with id ${id}`;
  return new LeakWatchError('ERR_LEAKWATCH_NOT_FOUND', `There is no ${what} in ${file}. 'leakwatch analyze ${file}' lists classes and ids; a class is named as it is there.`);
}

/**
 * Asks, shows how far the answer is, and prints it.
 * @param {import('./heap-options.js').HeapOptions} options
 * @param {(ask: typeof import('../analysis.js').ask, onProgress: (progress: import('../analysis.js').Progress) => void, format: import('../analysis.js').TextFormat | undefined) => Promise<import('../analysis.js').Answer>} question
 * @returns {Promise<any>} the answer
 */
async function answer({ json, files }, question) {
  requireWritable(json);
  const { ask } = require('../analysis.js');
  const progress = new Progress();
  const what = files.length === 1 ? `reading ${files[0]}` : `reading ${files.length} snapshots`;
  try {
    const onProgress = ({ fraction }) => progress.bar(what, fraction);
    const { json: text, text: page } = await question(ask, onProgress, json === '-' ? undefined : textFormat());
    progress.clear();
    const found = JSON.parse(text);
    show(found, json, () => page ?? '');
    return found;
  } finally {
    progress.clear();
  }
}

module.exports = { analyze, compare, path };
