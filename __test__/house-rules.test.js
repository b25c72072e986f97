'use strict';
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');

const binding = path.join(__dirname, '..', 'src', 'binding');
const sources = fs.readdirSync(binding).filter((file) => file.endsWith('.rs')).map((file) => ({ file, text: fs.readFileSync(path.join(binding, file), 'utf8') }));

test('every exported native function catches panics', () => {
  const unguarded = sources.flatMap(({ file, text }) => [...text.matchAll(/#\[napi(?:\(([^)]*)\))?\](?:\s*(?:#\[|\/\/).*)*\s*(?:pub\s+)?(?:unsafe\s+)?fn (\w+)/g)]
    .filter(([, options]) => !options?.includes('catch_unwind'))
    .map(([, , name]) => `${file}: ${name}`));
  assert.deepEqual(unguarded, []);
});

test('every background task catches panics', () => {
  const unguarded = sources.flatMap(({ file, text }) => text.split('fn compute(').slice(1)
    .filter((rest) => !rest.slice(0, rest.indexOf('\n    }')).includes('guarded('))
    .map(() => file));
  assert.deepEqual(unguarded, []);
});
