'use strict';
const fs = require('node:fs');
const { compareHistograms } = require('../capture/histogram.js');
const { LeakWatchError } = require('../errors.js');
const help = require('./help.js');
const { parseHeapOptions } = require('./heap-options.js');
const { print, requireWritable, show, textFormat } = require('./output.js');

const ROWS = 20;

/**
 * @param {string[]} argv what follows `leakwatch histogram`
 * @returns {number} the exit code
 */
function histogram(argv) {
  const options = parseHeapOptions('histogram', argv);
  if (options === null) return print(help.HISTOGRAM);
  const { files, json, top = ROWS } = options;
  requireWritable(json);
  const histograms = files.map(read);
  const rows = { classes: compareHistograms(histograms, 'classes'), routes: compareHistograms(histograms, 'routes') };
  show(rows, json, () => require('../native.js').renderHistograms(JSON.stringify(rows), top, textFormat()));
  return 0;
}

/** @returns {import('../capture/histogram.js').Counts} */
function read(file) {
  let found;
  try {
    found = JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch (error) {
    throw notOne(file, error);
  }
  if (!isCounts(found?.classes) || !isCounts(found.routes ?? [])) throw notOne(file);
  return found;
}

function isCounts(rows) {
  return Array.isArray(rows) && rows.every((row) => typeof row?.name === 'string' && Number.isSafeInteger(row.count) && row.count >= 0);
}

function notOne(file, cause) {
  return new LeakWatchError('ERR_LEAKWATCH_OPTION', `${file} is not a class histogram. Expected the JSON of what classHistogram() resolves to.`, { cause });
}

module.exports = { histogram };
