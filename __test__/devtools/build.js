'use strict';

// Bundles DevTools' heap snapshot worker (TypeScript modules) into one file that Node can load, `node_modules/.cache/bundle.mjs`.
// Texts for people are left out: the code that translates them needs files that only a DevTools build has.

const path = require('node:path');
const esbuild = require('esbuild');

const source = path.join(__dirname, 'node_modules/chrome-devtools-frontend/front_end/entrypoints/heap_snapshot_worker');

/** @type {import('esbuild').Plugin} */
const withoutTranslations = {
  name: 'without-translations',
  setup(build) {
    build.onResolve({ filter: /\/i18n\/i18n\.js$/ }, () => ({ path: 'i18n', namespace: 'stub' }));
    build.onLoad({ filter: /.*/, namespace: 'stub' }, () => ({
      contents: 'export const i18n = new Proxy({}, { get: () => text => text });',
    }));
  },
};

esbuild.build({
  stdin: {
    contents: "export * from './HeapSnapshot.ts'; export * from './HeapSnapshotLoader.ts';",
    resolveDir: source,
    loader: 'ts',
  },
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  outfile: path.join(__dirname, 'node_modules/.cache/bundle.mjs'),
  plugins: [withoutTranslations],
  logLevel: 'warning',
}).catch(() => { process.exitCode = 1; });
