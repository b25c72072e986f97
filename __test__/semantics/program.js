'use strict';
// Prints each observation: what Node does, without leakwatch or with it. argv: bare | auto | all
const { inspect } = require('node:util');

const [mode] = process.argv.slice(2);
const observations = { ...require('./events.js'), ...require('./timers.js'), ...require('./targets.js'), ...require('./others.js') };

async function main() {
  if (mode !== 'bare') require('../..')({ track: /** @type {'auto'} */ (mode), intervalMs: 100, prove: false });
  const seen = {};
  for (const [name, observe] of Object.entries(observations)) seen[name] = inspect(await observe(), { depth: 6, breakLength: Infinity });
  process.stdout.write(JSON.stringify(seen), () => process.exit());
}

main();
