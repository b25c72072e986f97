'use strict';
const fs = require('node:fs');
const path = require('node:path');
const { captureInBackground } = require('./background.js');
const native = require('../native.js');

/** @typedef {import('./options.js').CaptureSettings} CaptureSettings */

/**
 * Asks a forked child, which is this process as it is now.
 * @param {CaptureSettings} settings
 * @param {() => object} answer what the child does
 * @returns {Promise<{ text: string, pauseMs: number, retries: number, peakChildBytes: number | null }>} the answer as JSON, and its cost
 * @throws {import('../errors.js').LeakWatchError} (as a rejection) when no child could be forked, or its `answer` threw
 */
async function textOfChild(settings, answer) {
  const { text: captured, pauseMs, retries } = await captureInBackground(settings, native.prepareText, (pipe) => writeText(pipe, answer));
  const { text, peakChildBytes = null } = /** @type {import('../../native/binding.d.ts').CapturedText} */ (captured);
  return { text, pauseMs, retries, peakChildBytes };
}

/**
 * Writes an answer as JSON.
 * @param {string} pipe `/proc/self/fd/N`
 * @param {() => object} answer
 * @returns {string | null} why that failed
 */
function writeText(pipe, answer) {
  try {
    // Through the descriptor: Node's permission model would ask about the path.
    fs.writeFileSync(Number(path.basename(pipe)), JSON.stringify(answer()));
    return null;
  } catch (error) {
    return `The forked process could not answer: ${/** @type {Error} */ (error).message}.`;
  }
}

module.exports = { textOfChild };
