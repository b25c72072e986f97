// A CommonJS consumer that imports the default, with and without esModuleInterop.
import leakWatch, { takeSnapshot, LeakWatchError } from 'leakwatch';

leakWatch().report().then(({ verdict }) => verdict);
takeSnapshot().catch((error) => (error instanceof LeakWatchError ? error.code : ''));
