'use strict';
// npm test: everything, in the order in which a mistake is found soonest. `npm test -- NAME …` runs only the steps named.
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const root = path.join(__dirname, '..');
const node = process.execPath;

/** Each step: its name, then the command. */
const STEPS = {
  format: ['cargo', 'fmt', '--check'],
  clippy: ['cargo', 'clippy', '--all-targets', '--locked', '--', '-D', 'warnings'],
  rust: ['cargo', 'test', '--locked'],
  'rust-without-node': ['cargo', 'test', '--locked', '--no-default-features'],
  build: [node, 'scripts/build.js'],
  lint: [node, 'node_modules/eslint/bin/eslint.js', '.'],
  types: [node, 'node_modules/typescript/bin/tsc', '-p', 'tsconfig.json'],
  javascript: [node, '--test', '--test-concurrency=2', ...testFiles()],
};

function testFiles() {
  const folder = path.join(root, '__test__');
  return fs.readdirSync(folder).filter((name) => name.endsWith('.test.js')).map((name) => path.join('__test__', name));
}

function main(wanted) {
  const unknown = wanted.filter((name) => !(name in STEPS));
  if (unknown.length > 0) throw new Error(`no step named ${unknown.join(', ')}; there are ${Object.keys(STEPS).join(', ')}`);
  for (const [name, [command, ...args]] of Object.entries(STEPS)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    console.log(`\n> ${name}`);
    const startedAt = performance.now();
    const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
    if (error) throw new Error(`${name}: ${error.message}`);
    if (status !== 0) throw new Error(`${name} failed`);
    console.log(`> ${name}: passed in ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
  }
}

try {
  main(process.argv.slice(2));
} catch (error) {
  console.error(`\n${error.message}`);
  process.exitCode = 1;
}
