'use strict';

const GENERAL = `Usage: leakwatch <command> [options]

Commands:
  test    drive an app with requests, find its leak, exit 1

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

module.exports = { GENERAL, TEST };
