'use strict';
// native/binding.d.ts from what napi-derive writes while the crate is compiled: one JSON object a line.
const fs = require('node:fs');

/**
 * @param {string} file what napi-derive wrote (see NAPI_TYPE_DEF_TMP_FOLDER in build.js)
 * @returns {string} the text of native/binding.d.ts
 */
function declarations(file) {
  const written = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
  const items = written.split('\n').filter(Boolean).map((line) => JSON.parse(line));
  items.sort((a, b) => (a.name < b.name ? -1 : 1));
  const methods = new Map(items.filter(({ kind }) => kind === 'impl').map(({ name, def }) => [name, def]));
  const declared = items.filter(({ kind }) => kind !== 'impl').map((item) => declaration(item, methods));
  return `// Written by scripts/build.js from the Rust sources. Do not edit.\n\n${declared.join('\n')}`;
}

/**
 * @param {{ kind: string, name: string, def: string, js_doc?: string }} item
 * @param {Map<string, string>} methods of each class
 */
function declaration(item, methods) {
  const doc = item.js_doc ?? '';
  switch (item.kind) {
    case 'fn':
      return `${doc}export declare ${item.def};\n`;
    case 'interface':
      return `${doc}export interface ${item.name} {\n${item.def.replace(/^(?=.)/gm, '  ')}\n}\n`;
    case 'type':
      return `${doc}export type ${item.name} = ${item.def};\n`;
    case 'struct': {
      const members = methods.get(item.name) ?? '';
      return `${doc}export declare class ${item.name} {\n${members.replace(/^ ?(?=\S)/gm, '  ')}\n}\n`;
    }
    default:
      throw new Error(`scripts/native-types.js does not know how to declare "${item.kind}" (${item.name}); teach it or export something simpler.`);
  }
}

module.exports = { declarations };
