'use strict';

const GENERAL = `Usage: leakwatch <command> [options]

Commands:
  test       drive an app with requests, find its leak, exit 1
  run        run an app under watch, print what it holds on a signal
  analyze    say what is in a heap snapshot and what keeps it
  compare    say what grew between heap snapshots
  path       say why an object of a heap snapshot is alive
  histogram  put counts of objects by class and route side by side
  doctor     say whether snapshots can be taken here without a pause

  leakwatch <command> --help   says more about one
  leakwatch --version          prints the version
`;

const TEST = `Usage: leakwatch test [options] app.js [-- arguments for the app]

Starts the app, sends it traffic in rounds, measures what stays after garbage
collection, and names what leaks: what holds it, where it was created, which
route does it. The app needs no change.

Traffic (GET / when there is none):
  --request '[METHOD] /path [body]'   send this request; may repeat, they take
                                      turns. {{n}} is the running number,
                                      {{hex:N}} are N random hex digits
  --header 'name: value'              send this header with them; may repeat
  --traffic MODULE                    send what this module's traffic() sends
  --concurrency N                     requests under way at once (8)

Amount (chosen by how fast the app is and how much it keeps):
  --warmup N                          requests before the first measurement
  --requests N                        requests in each round
  --rounds N                          rounds before the verdict (6)
  --timeout SECONDS                   give up after this time (300)

App:
  --node PATH                         the Node.js that runs it (the one running
                                      leakwatch)
  --node-arg ARG                      an argument for that Node.js; may repeat:
                                      --node-arg=--max-old-space-size=512
  --port N                            its port, when several servers listen

Result:
  --json FILE                         write the report as JSON; - is standard
                                      output and replaces the text
  --keep-snapshots DIR                keep heap snapshots and what was measured
  --help                              print this

Exit code: 0 healthy, 1 leaking, 2 undecided, 3 could not run.
`;

const RUN = `Usage: leakwatch run [options] app.js [-- arguments for the app]

Runs the app as it is, under watch. On a signal, to the app or to this process,
it prints on standard error what is alive, how many more than the last time, the
line and the route that made it, and the verdict so far. A leak that is proven
is told at once, as a warning. Other signals and the exit code are the app's.

  --signal NAME       what makes it print (SIGUSR2); not SIGUSR1, which starts
                      Node's inspector
  --json FILE         append each print to this file too, a line of JSON; - is
                      standard output and replaces the text
  --node PATH         the Node.js that runs it (the one running leakwatch)
  --node-arg ARG      an argument for that Node.js; may repeat
  --help              print this

LEAKWATCH_OPTIONS='{"track":"auto"}' gives leakWatch() other options than
{"track":"all"}.

Exit code: the app's; 3 when it could not be run.
`;

const ANALYZE = `Usage: leakwatch analyze [options] FILE

Says what is in a heap snapshot: what keeps much of it, collections, listeners,
promises, timers, functions by line, duplicate strings, buffers, classes,
packages and more. FILE is a .heapsnapshot, plain, gzip or zstd.

  --json FILE   also write everything as JSON; - is standard output and
                replaces the text
  --top N       rows of each list in the JSON (20)
  --help        print this

Exit code: 0 done, 3 could not run.
`;

const COMPARE = `Usage: leakwatch compare [options] FILE FILE [FILE ...]

Says what grew between heap snapshots, in the order they were taken: who holds
it, of which there is more, and whether it goes on. Take three or more, each
after the same amount of traffic. They may come from one process, or from
different ones: pods, restarts, deployments.

  --json FILE   also write everything as JSON; - is standard output and
                replaces the text
  --top N       rows of each list in the JSON (20)
  --help        print this

Exit code: 0 done, 1 something grew at every step of three or more snapshots
and goes on growing, 3 could not run. Two snapshots cannot tell: 0.
`;

const PATH = `Usage: leakwatch path [options] FILE --class NAME
       leakwatch path [options] FILE --id N

Says why an object is alive: paths from the program's variables to it, and why
each step holds. Weak references never hold; a WeakMap's value is held through
its key.

  --class NAME  the object of this class that retains most
  --id N        the object with this id, as analyze and DevTools show it (@N)
  --top N       how many paths, the most readable first (5)
  --json FILE   also write everything as JSON; - is standard output and
                replaces the text
  --help        print this

Exit code: 0 done, 3 could not run, or no such object.
`;

const HISTOGRAM = `Usage: leakwatch histogram [options] FILE FILE [FILE ...]

Puts counts of live objects side by side, by class and by route, in the order
they were taken: what grew most first. A FILE is what classHistogram() resolved
to, as JSON:

  fs.writeFileSync('1.json', JSON.stringify(await classHistogram()))

  --json FILE   also write every row as JSON; - is standard output and
                replaces the text
  --top N       rows of each table (20)
  --help        print this

Exit code: 0 done, 3 could not run.
`;

const DOCTOR = `Usage: leakwatch doctor

Says which leakwatch and Node.js these are, and whether heap snapshots can be
taken here in the background, that is, without stopping the event loop.

Exit code: 0 they can, 1 they cannot, 3 could not run.
`;

module.exports = { GENERAL, TEST, RUN, ANALYZE, COMPARE, PATH, HISTOGRAM, DOCTOR };
