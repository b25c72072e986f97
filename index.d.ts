/// <reference types="node" />

/**
 * Watches this thread for memory leaks and returns the Express middleware that is also the handle to the watch.
 *
 * A thread has one watch: later calls return it, until it is stopped. Never throws, except for wrong options.
 */
declare function leakWatch(options?: leakWatch.WatchOptions): leakWatch.LeakWatch;

declare namespace leakWatch {
  export interface WatchOptions {
    /** Milliseconds between two readings, 100 to 3600000; default 5000. */
    intervalMs?: number;
    /** How many readings are kept, 16 to 100000; default 720, which is an hour. */
    history?: number;
    /**
     * `auto` (default): counts always, creation stacks only for what grows.
     * `all`: creation stacks for everything from the start, which costs more.
     */
    track?: 'auto' | 'all';
    /**
     * Whether requests get contexts of their own (one AsyncLocalStorage), so that promises, timers and callbacks that
     * keep one are counted by route, in heap snapshots too: each (`true`), none, or `auto` (default): all of up
     * to 100 a second on Node 24 and later, of more some at random; none before. With `track: 'all'` each.
     */
    contexts?: 'auto' | boolean;
    /** How many requests a second are looked at again after their response, 0 to 10000; default 20. */
    survivorsPerSecond?: number;
    /**
     * Whether heap snapshots may be taken, in forked children and redacted, when live memory keeps growing and nothing
     * else says why; default true. They are compared on a thread of their own and deleted.
     */
    prove?: boolean;
  }

  /** The middleware, and the handle to the watch. */
  export interface LeakWatch {
    (request: unknown, response: unknown, next: (error?: any) => void): void;
    /** The options in force. */
    readonly settings: Readonly<Required<WatchOptions>>;
    /** The verdict so far, and the evidence for it. */
    report(): Promise<Report>;
    /** What is alive and what keeps the process busy, most first. */
    resources(): ResourceGroup[];
    /** Marks a moment; the report says what each stretch between two moments keeps. */
    checkpoint(name: string): void;
    /** Takes every patch out and ends the watch. The middleware then only calls `next`. */
    stop(): void;
    /** `leak`: something new is proven to leak. Told once for each suspect. */
    on(event: 'leak', listener: (report: Report) => void): this;
    once(event: 'leak', listener: (report: Report) => void): this;
    off(event: 'leak', listener: (report: Report) => void): this;
  }

  export interface AnalysisOptions {
    /** Calls the analysis off. */
    signal?: AbortSignal;
    /** Told now and then: what is being done, and the share of the work that is over, 0 to 1, about. */
    onProgress?: (progress: { phase: 'opening' | 'scanning' | 'parsing' | 'graph' | 'answering'; fraction: number }) => void;
  }

  export interface ListOptions extends AnalysisOptions {
    /** Rows of each list, 1 to 10000; default 20. */
    top?: number;
  }

  export interface ExplainOptions extends AnalysisOptions {
    /** The object with this id. */
    id?: number;
    /** Or the one of this class that retains most. */
    class?: string;
    /** How many paths, 1 to 100; default 5. */
    limit?: number;
  }

  /** What is in a heap snapshot. Sizes are in bytes, lists have the greatest first; null is what the snapshot does not tell. */
  export interface SnapshotAnalysis {
    /** Where the application's node_modules are. */
    folder: string | null;
    nodes: number;
    edges: number;
    totalBytes: number;
    /** Every class with objects. */
    classes: { name: string; constructor: Location | null; scriptPosition: ScriptPosition | null; count: number; shallowBytes: number; retainedBytes: number; distance: number | null }[];
    /** What keeps much of the heap alive. */
    suspects: LeakSuspect[];
    duplicateStrings: { texts: number; wastedBytes: number; biggest: { text: string; count: number; bytes: number; wastedBytes: number; isCut: boolean }[] };
    collections: { kind: string; className: string; id: number; entries: number; capacity: number | null; retainedBytes: number; path: string }[];
    listeners: { emitter: string; id: number; event: string; count: number; path: string }[];
    /** Pending promises that are waited for. */
    promises: { count: number; reactions: number; biggest: { id: number; reactions: number; retainedBytes: number; path: string; waiting: Location | null }[] };
    /** Async functions and generators that have not come to their end. */
    suspended: LineRow[];
    /** Timers that are set, by the line of their callbacks. */
    timers: (LineRow & { kind: 'Timeout' | 'Immediate' })[];
    /** Functions by the line that made them. */
    closures: LineRow[];
    modules: { file: string; package: string; count: number; retainedBytes: number }[];
    packages: { name: string; count: number; retainedBytes: number }[];
    /** Where the graph tells: markers of requests, and suspended handlers of Express's router. */
    routes: { route: string; requests: number; suspended: number; retainedBytes: number }[];
    /** V8 contexts besides the program's own, as vm.createContext makes. */
    contexts: { count: number; retainedBytes: number; biggest: { id: number; retainedBytes: number; path: string }[] };
    buffers: { count: number; bytes: number; biggest: { bytes: number; id: number; path: string }[] };
  }

  /** Zero-based, the script by V8's number. */
  export interface ScriptPosition {
    scriptId: number;
    line: number;
    column: number;
  }

  export interface LineRow {
    location: Location;
    count: number;
    retainedBytes: number;
  }

  export interface LeakSuspect {
    /** `group`: many objects of one class without a common holder. */
    kind: 'object' | 'group';
    className: string;
    id: number;
    count: number;
    retainedBytes: number;
    /** Of the whole heap. */
    percent: number;
    path: string;
    location: Location | null;
    contents: { className: string; count: number; retainedBytes: number }[];
    /** Words to look for: classes, names on the path, file, npm package. */
    keywords: string[];
  }

  /** What grew between snapshots; arrays have a number for each. */
  export interface SnapshotComparison {
    folder: string | null;
    /** Whether the snapshots share object ids: taken inline in one process. */
    sameProcess: boolean;
    /** False when they are of one process, and a later one stands before an earlier one. */
    inOrder: boolean;
    totalBytes: number[];
    /** Who holds what grew at every step. */
    growth: {
      /** Stable: the same leak has the same id in another process. */
      id: string;
      className: string;
      objectId: number;
      signature: string[];
      /** `id`: the same objects in every snapshot. `signature`: recognised by the path of names that holds them. */
      matchedBy: 'id' | 'signature';
      path: string;
      location: Location | null;
      bytes: number[];
      /** `grew`: between two snapshots. `growing`: at every step of three or more. `slowing`: so, but hardly at the last one. */
      trend: 'grew' | 'growing' | 'slowing';
      contents: { className: string; counts: number[]; bytes: number[]; location: Location | null }[];
    }[];
    /** First and last snapshot. */
    classes: { name: string; constructor: Location | null; count: [number, number]; shallowBytes: [number, number]; retainedBytes: [number, number]; added: number | null; removed: number | null }[];
  }

  /** Why an object is alive. */
  export interface WhyAlive {
    folder: string | null;
    className: string;
    id: number;
    classCount: number;
    shallowBytes: number;
    retainedBytes: number;
    location: Location | null;
    /** The most readable first; empty when only weak references lead to it. */
    paths: { text: string; programPart: number; steps: PathStep[] }[];
  }

  export interface PathStep {
    hold: 'global' | 'property' | 'element' | 'variable' | 'export' | 'moduleExports' | 'mapKey' | 'mapValue' | 'setMember' | 'weakMapValue' | 'closure' | 'bound' | 'internal';
    /** Why it holds, in words; null for V8's own links. */
    reason: string | null;
    name: string;
    className: string;
    id: number;
    file: string | null;
    function: string | null;
  }

  export interface CaptureOptions {
    /**
     * `background`: in a forked child, the event loop stops for milliseconds. `inline`: in this process, the
     * event loop stops until V8 is done. `auto`, the default: background, or inline where that is not
     * supported and `allowPause` is set.
     */
    mode?: 'auto' | 'background' | 'inline';
    /** Whether `auto` may stop the event loop for long; default false. */
    allowPause?: boolean;
    /** What a capture in the background may add to the memory in use; default: what container and machine have left. */
    maxMemoryBytes?: number;
    /** How long a capture in the background may take; default ten minutes. */
    timeoutMs?: number;
    /** Calls the capture off. */
    signal?: AbortSignal;
    /** While another capture of this thread is under way: share its result, or fail, which is the default. While one of another thread is: fail. */
    whenBusy?: 'join' | 'refuse';
    /** Whether waiting keeps the process alive; default true. */
    keepAlive?: boolean;
  }

  export interface SnapshotOptions extends CaptureOptions {
    /** The file to write; replaces an older one. */
    path?: string;
    /** Where to write a file whose name carries the pid and the time; default `leakwatch-snapshots`. */
    directory?: string;
    /**
     * How much the folder may hold, this snapshot included; the oldest that leakwatch named give way. Not with
     * `path`. Default: no cap, but 20 files and 10 GB in the default folder.
     */
    keep?: { files?: number; bytes?: number };
    /** Told now and then how many bytes V8 has written. */
    onProgress?: (progress: { bytes: number }) => void;
    /** Blank the values of strings; default: when NODE_ENV is production. */
    redact?: boolean;
    /** Default `none`. */
    compression?: 'gzip' | 'zstd' | 'none';
    /** Analyse it while it is written. Default false. */
    analyze?: boolean;
  }

  export interface CaptureCost {
    /** From the call to the end. */
    durationMs: number;
    /** How long the event loop stood still, in all. */
    pauseMs: number;
    mode: 'inline' | 'background';
    /** How often a moment without busy threads had to be waited for, or a child forked anew because it crashed. */
    retries: number;
    /** The largest resident set of the forked child; null when inline. */
    peakChildBytes: number | null;
  }

  export interface SnapshotResult extends CaptureCost {
    /** The file, absolute. */
    path: string;
    /** Its size. */
    bytes: number;
    nodes: number;
    edges: number;
    /** Whether the values of strings were blanked. */
    redacted: boolean;
    /** Older snapshots that had to give way, because of `keep`. */
    removed: string[];
    /** With `analyze`: what analyzeSnapshot would answer about the file; else null. */
    analysis: SnapshotAnalysis | null;
    /** Why there is no analysis although it was wanted. */
    analysisError: LeakWatchError | null;
  }

  export interface ClassHistogram {
    /** Objects by the name of their nearest constructor, the most frequent first. */
    classes: { name: string; count: number }[];
    /** Requests whose context is alive, by route, of those that had one (`contexts`). The most frequent first. */
    routes: { name: string; count: number }[];
    /** How many objects there are in all. */
    objects: number;
  }

  export interface HistogramRow {
    name: string;
    /** One for each histogram. */
    counts: number[];
    /** From the first to the last. */
    growth: number;
  }

  /** Writes a heap snapshot that Chrome DevTools opens. Rejects with a LeakWatchError. */
  export function takeSnapshot(options?: SnapshotOptions): Promise<SnapshotResult>;

  /** Copies an uncompressed snapshot with the values of strings blanked. Rejects with a LeakWatchError. */
  export function redactSnapshot(source: string, target: string): Promise<Pick<SnapshotResult, 'path' | 'bytes' | 'nodes' | 'edges' | 'redacted'>>;

  /** Counts the live objects by constructor, for an eighth of a snapshot's cost. Rejects with a LeakWatchError. */
  export function classHistogram(options?: CaptureOptions): Promise<ClassHistogram & CaptureCost>;

  /** Puts histograms side by side, by class (default) or by route: what grew most first. */
  export function compareHistograms(histograms: ClassHistogram[], by?: 'classes' | 'routes'): HistogramRow[];

  /**
   * What is in a heap snapshot (plain, gzip or zstd): what keeps much of it, classes, collections and more. Works on
   * threads of its own. Rejects with a LeakWatchError.
   */
  export function analyzeSnapshot(file: string, options?: ListOptions): Promise<SnapshotAnalysis>;

  /** What grew between two or more heap snapshots, in the order they were taken. Likewise. */
  export function compareSnapshots(files: string[], options?: ListOptions): Promise<SnapshotComparison>;

  /** Why an object is alive: its retainer paths. Resolves to null when there is no such object. Likewise. */
  export function explainObject(file: string, options: ExplainOptions): Promise<WhyAlive | null>;

  /**
   * Whether captures can be taken without stopping the event loop here, and if not, why. `precopy`: whether the heap is copied before
   * the fork, so that the pause hardly grows with it.
   */
  export function backgroundSupport(): { supported: boolean; reason: string | null; precopy: boolean };

  /** Marks a moment for the watch of this thread. Without a watch it does nothing. */
  export function checkpoint(name: string): void;

  /** What is alive and what keeps the process busy, most first. Without a watch there are counts, but no sites. */
  export function resources(): ResourceGroup[];

  /** Every error of this package. */
  export class LeakWatchError extends Error {
    constructor(code: `ERR_LEAKWATCH_${string}`, message: string, options?: { cause?: unknown });
    /** Stable: `ERR_LEAKWATCH_OPTION` … */
    code: string;
  }

  export type ResourceKind = 'timer' | 'listener' | 'handle' | 'file' | 'stream' | 'socket' | 'worker' | 'checkout' | 'request' | 'context';

  export interface Location {
    /** Absolute path; relative to the application's folder in a report. */
    file: string;
    /** From 1. */
    line: number;
    /** From 1. */
    column: number;
    function: string | null;
  }

  /** Everything of one kind and name that was created at one place. */
  export interface ResourceGroup {
    kind: ResourceKind;
    /** `setInterval`, the event, `FSWatcher`, the path pattern, the endpoint, the class of the connection that is out. */
    name: string;
    /** Listeners: the emitter's constructor. Sockets: `Socket`. Checkouts: the pool's constructor. */
    holder: string | null;
    /** Alive now. */
    count: number;
    /** Ever created. */
    created: number;
    /** Age of the oldest alive. */
    oldestMs: number;
    /** Timers: the delay that all those alive share. */
    delayMs: number | null;
    /** Creation stack, innermost frame first; empty when unknown. */
    site: Location[];
    /** Who created those alive, most first. */
    routes: { route: string; count: number }[];
  }

  export interface Report {
    version: 1;
    verdict: 'leaking' | 'healthy' | 'undecided';
    /** The answer in one sentence. */
    summary: string;
    process: { nodeVersion: string; entry: string; pid: number; requests: number };
    memory: MemorySummary;
    /** What leaks, worst first. Empty unless the verdict is leaking. */
    suspects: Suspect[];
    /** Most requests first. Of a watched server with more than 100 requests a second estimates, from a sample of them. */
    routes: { route: string; requests: number }[];
    resources: { kind: ResourceKind; name: string; holder: string | null; count: number; site: Location | null }[];
    /** What each stretch between two checkpoints kept. */
    checkpoints: Stretch[];
    /** What supports the verdict as a whole. */
    evidence: string[];
    /** What leakwatch's tables had no place for; null when nothing was followed. */
    dropped: { entries: number; sites: number; routes: number } | null;
    /** What watching cost; null when it was not measured. */
    cost: { cpuPercent: number; rssBytes: number } | null;
  }

  /** Bytes. */
  export interface MemorySummary {
    heap: number;
    arrayBuffers: number;
    external: number;
    nativeOther: number;
    fragmentation: number;
    rss: number;
    limit: number | null;
    timeToLimitSeconds: number | null;
  }

  /** One leak. */
  export interface Suspect {
    /** Stable across runs and processes. */
    id: string;
    kind: ResourceKind | 'collection' | 'object' | 'closure' | 'string' | 'buffer' | 'promise' | 'native';
    /** Constructor, event, endpoint or file pattern. */
    name: string;
    growth: { count: number; bytes: number; countPerRequest: number; bytesPerRequest: number; bytesPerMinute: number | null };
    /** From the root side down to what leaks. */
    retainerPath: { kind: 'module' | 'variable' | 'property' | 'element' | 'entry' | 'internal'; name: string; constructor: string | null }[];
    /** Where the leaked things are created or added, most likely first. */
    createdAt: Location[];
    /** The variable or property that holds it, as the source calls it; null when none is known. */
    holder: string | null;
    /** Where the holder is defined. */
    heldAt: Location | null;
    /** The dependency whose code holds it. */
    package: { name: string; version: string } | null;
    /** Express patterns: `POST /login`. */
    routes: string[];
    confidence: 'high' | 'medium' | 'low';
    evidence: string[];
    /** What to change, in one sentence. */
    advice: string;
  }

  /** What the way from one checkpoint to the next keeps. */
  export interface Stretch {
    from: string;
    to: string;
    /** Live bytes that stayed; negative when memory was let go. */
    heapBytes: number;
    rssBytes: number;
    requests: number;
  }

  export { leakWatch, leakWatch as default };
}

export = leakWatch;
