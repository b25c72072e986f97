// Written by scripts/build.js from the Rust sources. Do not edit.

/** Whether snapshots can be taken in the background. */
export interface BackgroundSupport {
  /** Whether they can. */
  supported: boolean
  /** Why not; `null` when they can. */
  reason: string | null
  /** Whether the heap is copied before the fork, so that the pause hardly grows with it. */
  precopy: boolean
}

/** The heap's size, and what capturing it may take. */
export interface CaptureLimits {
  /** Bytes in V8's ordinary spaces. */
  smallBytes: number
  /** Bytes in V8's large-object spaces. */
  largeBytes: number
  /** Bytes the child may add to what it starts with; absent: what the system has left. */
  maxMemoryBytes?: number
  /** Milliseconds from the fork to the end. */
  timeoutMs: number
}

/** A snapshot that was written. */
export interface CaptureResult {
  /** The file. */
  path: string
  /** Its size in bytes. */
  bytes: number
  /** Number of nodes. */
  nodes: number
  /** Number of edges. */
  edges: number
  /** Whether the values of strings were blanked. */
  redacted: boolean
  /** The largest resident set of the forked child, in bytes; absent when it was taken inline. */
  peakChildBytes?: number
  /** Older snapshots that had to give way. */
  removed: Array<string>
  /** `SnapshotAnalysis` in src/heap/analysis, as JSON; only when it was asked for and succeeded. */
  analysis?: string
  /** Only when the analysis failed: `ERR_LEAKWATCH_…: sentence`. */
  analysisError?: string
}

/** What to write and how. */
export interface CaptureSettings {
  /** Absolute path of the file the snapshot becomes. */
  target: string
  /** Blank the values of strings. */
  redact: boolean
  /** `gzip`, `zstd` or `none`. */
  compression: string
  /** How many snapshots that leakwatch named the folder may hold then; absent: any number. */
  keepFiles?: number
  /** How many bytes they may have together; absent: any number. */
  keepBytes?: number
  /** Analyse it while it is written. */
  analyze: boolean
}

/** Where a capture stands. */
export interface CaptureState {
  /** Bytes V8 has written so far. */
  bytesRead: number
  /** Only when a snapshot has ended well. */
  result?: CaptureResult
  /** Only when a count has ended well. */
  text?: CapturedText
  /** Only when it failed: `ERR_LEAKWATCH_…: sentence`. */
  error?: string
}

/** What a forked child had to say. */
export interface CapturedText {
  /** It. */
  text: string
  /** The child's largest resident set, in bytes. */
  peakChildBytes?: number
}

/** One stack frame of the application or a dependency. */
export interface Frame {
  /** Absolute path of the script. */
  file: string
  /** Counted from 1. */
  line: number
  /** Counted from 1. */
  column: number
  /** The function's name; absent at module level and in anonymous functions. */
  function?: string
}

/** An answer. */
export interface HeapAnswer {
  /** As JSON: `null` when there is no such object. */
  json: string
  /** As a person reads it; absent unless it was asked for. */
  text?: string
}

/** Where a question stands. */
export interface HeapProgress {
  /** `opening`, `scanning`, `parsing`, `graph` or `answering`. */
  phase: string
  /** The share of the work that is over, 0 to 1, about. */
  fraction: number
  /** Only when it has ended well. */
  answer?: HeapAnswer
  /** Only when it failed: `ERR_LEAKWATCH_…: sentence`. */
  error?: string
}

/** A question about heap snapshots that is being answered. */
export declare class HeapQuestion {
  /**
  * What is in a snapshot: `SnapshotAnalysis` in src/heap/analysis. Lists other than the classes have at most `top`
  * rows.
  */
  static analyze(path: string, top: number, text?: RenderOptions | undefined | null): HeapQuestion
  /**
  * What grew between two or more snapshots, in the order they were taken: `SnapshotComparison` in
  * src/heap/compare. Lists have at most `top` rows.
  */
  static compare(paths: Array<string>, top: number, text?: RenderOptions | undefined | null): HeapQuestion
  /**
  * Why an object is alive: the object with the given id, or the one of the given class that retains most
  * (`WhyAlive` in src/heap/analysis/why.rs). At most `limit` paths.
  */
  static explain(path: string, id: number | undefined | null, className: string | undefined | null, limit: number, text?: RenderOptions | undefined | null): HeapQuestion
  /** How it is getting on. */
  progress(): HeapProgress
  /** Asks it to end soon with `ERR_LEAKWATCH_ABORTED`. */
  cancel(): void
}

/** Descriptors that look alike. */
export interface OpenFileGroup {
  /** `file`, `socket`, `pipe` or `anonymous` (epoll, eventfd, inotify …). */
  kind: string
  /** The path, with `*` where the group's paths differ; a socket's endpoint; else the kernel's name. */
  name: string
  /** A TCP socket's state (`ESTABLISHED`, `CLOSE_WAIT` …); `null` for anything else. */
  state: string | null
  /** How many. */
  count: number
}

/** One moment's readings. Sizes are in bytes; `null` is what the system does not tell. */
export interface ProcessReading {
  /** Milliseconds since 1970. */
  atMs: number
  /** Resident set. */
  rss: number | null
  /** Resident anonymous memory: heap, stacks, JIT code. */
  anonymous: number | null
  /** Anonymous memory that was swapped out. */
  swap: number | null
  /** Memory charged to the control group that is nearest to its limit, page cache included. */
  cgroupUsage: number | null
  /** That group's limit; `null` without one. */
  cgroupLimit: number | null
  /** Open file descriptors. */
  fds: number | null
  /** Threads. */
  threads: number | null
  /** Why readings are missing; `null` when none is. */
  reason: string | null
}

/** How to print a report. */
export interface RenderOptions {
  /** Use colours. */
  color?: boolean
  /** Columns to wrap at. */
  width?: number
}

/** How to sample. */
export interface SamplerOptions {
  /** Milliseconds between readings; at least 10. */
  intervalMs: number
  /** How many readings are kept, the newest. */
  capacity: number
}

/** A bounded table of what the application made and has not let go. */
export declare class TrackTable {
  /** An empty table with the default limits. */
  constructor()
  /** The number of a creation stack, innermost frame first; 0 when there is no place for more. */
  site(frames: Array<Frame>): number
  /** The number of a route; 0, which is `(other)`, when there is no place for more. */
  route(name: string): number
  /** The name of a route's number. */
  routeName(route: number): string
  /**
  * Records a resource; ids and numbers in the names of files and events become `*`. `owner`: nothing for no request, a route's number from 0, or `-n` for request `n`
  * whose route is not known yet. Returns its number from 1, or 0 when the table is full.
  */
  add(kind: string, name: string, holder: string | undefined | null, site: number, delayMs: number | undefined | null, owner: number | undefined | null, nowMs: number): number
  /** Forgets resources that are gone. */
  remove(ids: Array<number>): void
  /** Tells the route of a request. */
  resolve(request: number, route: number): void
  /** Everything alive, as the JSON of an array of resource groups. */
  groups(nowMs: number): string
  /** As `groups`, every place told by its source where a source map says so. Reads a script and its map once. */
  groupsAsWritten(nowMs: number): string
  /** How many resources are alive. */
  get size(): number
  /** What did not fit, as JSON: `{ entries, sites, routes }`. */
  dropped(): string
}

/** Whether snapshots can be taken in the background here, and why not. */
export declare function backgroundSupport(): BackgroundSupport;

/** Calls a capture off. If its child was forked it ends soon, with an error; if not, that was all. */
export declare function captureCancel(id: number): void;

/**
 * Tries once to fork the child of a capture that was prepared. The child calls `write`, as `captureInline` does.
 * Returns `done`: ask `captureState` from now on; or why to try again in a few milliseconds: it is still
 * `preparing`, or threads were `busy`.
 */
export declare function captureFork(id: number, write: (arg: string) => string | null): 'done' | 'preparing' | 'busy';

/**
 * Takes a snapshot in this process. `write` gets a path, lets V8 write there, and returns nothing, or why
 * that failed. Returns the number to ask `captureState` for.
 */
export declare function captureInline(settings: CaptureSettings, limits: CaptureLimits, write: (arg: string) => string | null): number;

/** How a capture is getting on. Once it has told the end, its number means nothing any more. */
export declare function captureState(id: number): CaptureState;

/** Copies the snapshot in the file `source`, redacted or compressed as `settings` say. */
export declare function copySnapshot(source: string, settings: CaptureSettings): Promise<CaptureResult>;

/** Runs `count`, which counts in this process, as the only capture of the process. */
export declare function countInline(count: () => void): void;

/**
 * A function that V8 itself knows by this name, and that does nothing: heap snapshots show the name, which one given to a function later
 * is not. (A script would do as well. But Node keeps scripts in V8's heap for embedders, and while nothing is allocated there V8
 * does not shrink the heap of a process that rests, which makes it drop code and start anew.)
 */
export declare function functionNamed(name: string): () => void;

/**
 * Does anything grow in a test run (JSON) so that heap snapshots are worth their time?
 * Returns JSON: `{ grows: boolean, workers: [threadId], series: [{ name, growth, perRequest, trend }] }`; `workers`: those
 * whose own heaps are worth snapshots, too.
 */
export declare function growthOfRun(testRun: string): string;

/** The report (JSON) on what the monitor measured (JSON). */
export declare function judgeMonitor(observations: string): string;

/** Judges a test run (JSON) on a thread of libuv's pool. Resolves to the report (JSON). */
export declare function judgeTestRun(testRun: string): Promise<string>;

/** The open descriptors in groups, the largest first. Takes as long as the system's socket tables. */
export declare function openFiles(): Array<OpenFileGroup>;

/** Gets a snapshot in a forked child ready, in a thread. Returns the number that `captureFork` takes next. */
export declare function prepareSnapshot(settings: CaptureSettings, limits: CaptureLimits): number;

/**
 * Gets a forked child ready whose `write` writes a text; `captureState` has it in the end. Returns as
 * `prepareSnapshot` does.
 */
export declare function prepareText(limits: CaptureLimits): number;

/**
 * What heap snapshots say (JSON of `{ suspects, doubts }`): JSON of `[{ path, requests, connections }]`, three in time order, of the
 * process that the monitor measured (JSON). `profile`: as `HeapProfiler.getSamplingProfile` gives it (JSON), of what was
 * allocated since the first of them. Works on a thread of libuv's pool.
 */
export declare function proveMonitor(observations: string, snapshots: string, profile?: string | undefined | null): Promise<string>;

/** The same, read on a thread of libuv's pool. */
export declare function readOpenFiles(): Promise<Array<OpenFileGroup>>;

/** One reading, now. */
export declare function readProcess(): ProcessReading;

/**
 * Class histograms side by side (JSON: `{ classes, routes }`, each what `compareHistograms` returns) as text, at most
 * `top` rows each.
 */
export declare function renderHistograms(rows: string, top: number, options: RenderOptions): string;

/** The report (JSON) as text. `width` is in columns. */
export declare function renderReport(report: string, options: RenderOptions): string;

/**
 * What is alive, and how many more than the last time, as text. `listing`: JSON of `{ cwd, resources, before, minutes }`,
 * both lists as `TrackTable.groups` has them, `minutes` null the first time.
 */
export declare function renderResources(listing: string, options: RenderOptions): string;

/** The last of these readings alone; `null` when there is none. */
export declare function samplerNewest(): ProcessReading | null;

/** The readings so far, oldest first; none before `samplerStart` and after `samplerStop`. */
export declare function samplerSamples(): Array<ProcessReading>;

/**
 * Starts sampling in a thread of its own, which never keeps the process alive. JavaScript threads share
 * it: the first one's options count.
 */
export declare function samplerStart(options: SamplerOptions): void;

/** Gives up this JavaScript thread's share; sampling ends with the last one. */
export declare function samplerStop(): void;

/**
 * What the stretches between checkpoints keep. Takes the JSON of an array of checkpoints
 * (`name`, `atMs`, `requests`, `rss`, `floorBytes`, `collection`), returns the JSON of an array of stretches.
 */
export declare function stretches(checkpoints: string): string;

/** Method and the first `segments` segments of the path, ids replaced by `*`. */
export declare function urlRoute(method: string, url: string, segments: number): string;

/** Does the live memory that the monitor measured (JSON) rise so that heap snapshots are worth their cost? */
export declare function worthProvingMonitor(observations: string): boolean;
