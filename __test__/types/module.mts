// An ECMAScript module.
import leakWatch, { checkpoint, leakWatch as named, LeakWatchError, resources, takeSnapshot } from 'leakwatch';
import type { Report, WatchOptions } from 'leakwatch';
import express from 'express';

const options: WatchOptions = { history: 100 };
const app = express();
app.use(leakWatch(options));
app.use('/api', named());
checkpoint('a');
const report: Report = await leakWatch().report();
console.log(report.memory.timeToLimitSeconds, resources()[0]?.site[0]?.file, (await takeSnapshot()).path, LeakWatchError.name);
