'use strict';
const { randomBytes } = require('node:crypto');
const http = require('node:http');
const { LeakWatchError } = require('../errors.js');

/**
 * @typedef {object} RequestSpec
 * @property {string} label 'POST /login': how messages and reports name it
 * @property {string} method
 * @property {string} path may hold placeholders, like `body` and the values of `headers`
 * @property {string | null} body
 * @property {Record<string, string>} headers
 */

const SPEC = /^(?:([A-Za-z]+)\s+)?(\/\S*)(?:\s+([^]+))?$/;
const PLACEHOLDER = /\{\{\s*(\w+)\s*(?::\s*(\d+)\s*)?\}\}/g;
const MAX_HEX_DIGITS = 65_536;

/**
 * @param {string} text `[METHOD] /path [body]`
 * @param {Record<string, string>} headers sent with it
 * @returns {RequestSpec}
 */
function parseRequest(text, headers) {
  const match = SPEC.exec(text.trim());
  if (!match) throw wrong(text, "Expected '[METHOD] /path [body]', such as 'POST /login {\"user\":\"{{n}}\"}'; the path begins with a slash.");
  const [, method = 'GET', path, body = null] = match;
  const upper = method.toUpperCase();
  if (!http.METHODS.includes(upper) || upper === 'CONNECT') throw wrong(text, `'${method}' is not a method that can be sent; expected GET, POST, PUT, PATCH, DELETE or another of HTTP's.`);
  for (const part of [path, body ?? '', ...Object.values(headers)]) checkPlaceholders(part);
  return { label: `${upper} ${path}`, method: upper, path, body, headers: { ...contentType(body), ...headers } };
}

/**
 * @param {string[]} texts each 'name: value'
 * @returns {Record<string, string>} names in lower case
 */
function parseHeaders(texts) {
  return Object.fromEntries(texts.map(parseHeader));
}

/**
 * @param {string} text with `{{n}}` and `{{hex:N}}`
 * @param {number} n the running number
 */
function expand(text, n) {
  return text.replace(PLACEHOLDER, (_, name, digits) => (name === 'n' ? String(n) : randomHex(Number(digits))));
}

function parseHeader(text) {
  const colon = text.indexOf(':');
  const name = text.slice(0, colon).trim().toLowerCase();
  const value = text.slice(colon + 1).trim();
  try {
    if (colon < 1) throw new Error('there is no colon');
    http.validateHeaderName(name);
    http.validateHeaderValue(name, value);
  } catch (error) {
    throw new LeakWatchError('ERR_LEAKWATCH_OPTION', `--header '${text}' is not a header (${/** @type {Error} */ (error).message}). Expected 'name: value', such as 'authorization: Bearer abc'.`);
  }
  return [name, value];
}

function checkPlaceholders(text) {
  for (const [whole, name, digits] of text.matchAll(PLACEHOLDER)) {
    const known = (name === 'n' && digits === undefined) || (name === 'hex' && Number(digits) >= 1 && Number(digits) <= MAX_HEX_DIGITS);
    if (!known) {
      throw new LeakWatchError('ERR_LEAKWATCH_OPTION', `Unknown placeholder ${whole}. Expected {{n}} (the running number) or {{hex:N}} (N random hex digits, 1 to ${MAX_HEX_DIGITS}); anything else needs a module, see --traffic.`);
    }
  }
}

/** @returns {Record<string, string>} */
function contentType(body) {
  if (body === null) return {};
  if (/^\s*[[{"]/.test(body)) return { 'content-type': 'application/json' };
  return { 'content-type': /^[^\s=&]+=/.test(body) ? 'application/x-www-form-urlencoded' : 'text/plain' };
}

function randomHex(digits) {
  return randomBytes(Math.ceil(digits / 2)).toString('hex').slice(0, digits);
}

function wrong(text, expected) {
  return new LeakWatchError('ERR_LEAKWATCH_OPTION', `--request '${text}' is not a request. ${expected}`);
}

module.exports = { expand, parseHeaders, parseRequest };
