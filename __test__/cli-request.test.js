'use strict';
const assert = require('node:assert/strict');
const { test } = require('node:test');
const { expand, parseHeaders, parseRequest } = require('../lib/cli/request.js');

test('a request is a method, a path and a body', () => {
  assert.deepEqual(parseRequest('post /login {"user":"{{n}}"}', { cookie: 'a=1' }), {
    label: 'POST /login',
    method: 'POST',
    path: '/login',
    body: '{"user":"{{n}}"}',
    headers: { 'content-type': 'application/json', cookie: 'a=1' },
  });
});

test('the method is GET when there is none', () => {
  const { method, path, body, headers } = parseRequest('/search?q={{hex:4}}', {});
  assert.deepEqual([method, path, body, headers], ['GET', '/search?q={{hex:4}}', null, {}]);
});

test('the content type follows the body, unless a header says otherwise', () => {
  const typeOf = (text, headers = {}) => parseRequest(text, headers).headers['content-type'];
  assert.equal(typeOf('POST /a user=1&b=2'), 'application/x-www-form-urlencoded');
  assert.equal(typeOf('POST /a [1,2]'), 'application/json');
  assert.equal(typeOf('POST /a hello there'), 'text/plain');
  assert.equal(typeOf('POST /a {}', parseHeaders(['Content-Type: application/vnd.api+json'])), 'application/vnd.api+json');
});

test('placeholders become the running number and random hex digits', () => {
  assert.equal(expand('/u/{{n}}/{{ n }}', 17), '/u/17/17');
  assert.match(expand('{{hex:7}}', 0), /^[0-9a-f]{7}$/);
  assert.notEqual(expand('{{hex:32}}', 0), expand('{{hex:32}}', 0));
  assert.equal(expand('{"a":{"b":{"c":1}}}', 3), '{"a":{"b":{"c":1}}}');
});
