// A CommonJS consumer, with and without esModuleInterop.
import leakWatch = require('leakwatch');
import express = require('express');

const app = express();
const watch = leakWatch({ intervalMs: 1000, track: 'all' });
app.use(watch);
app.use(leakWatch());
app.use(leakWatch.leakWatch());

watch.on('leak', (report) => {
  const verdict: 'leaking' | 'healthy' | 'undecided' = report.verdict;
  const line: number | undefined = report.suspects[0]?.createdAt[0]?.line;
  console.log(verdict, line, report.suspects.map(({ retainerPath }) => retainerPath.map(({ name }) => name).join(' › ')));
});
const settings: leakWatch.WatchOptions = watch.settings;
leakWatch.checkpoint('ready');
watch.checkpoint('later');
const rows: leakWatch.ResourceGroup[] = leakWatch.resources().concat(watch.resources());
leakWatch.takeSnapshot({ directory: '/tmp', signal: AbortSignal.timeout(1000) }).then(({ path, bytes }) => path.length + bytes + rows.length);
watch.report().then((report: leakWatch.Report) => report.summary);
watch.stop();
const error: Error = new leakWatch.LeakWatchError('ERR_LEAKWATCH_OPTION', 'no');

// @ts-expect-error: wrong option
leakWatch({ intervalMs: '5s' });
// @ts-expect-error: no such option
leakWatch({ interval: 5 });
// @ts-expect-error: no such event
watch.on('leaks', () => {});
// @ts-expect-error: read only
watch.settings.track = 'all';
export { settings, error };
