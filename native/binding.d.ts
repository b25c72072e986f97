// Written by scripts/build.js from the Rust sources. Do not edit.

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
}

/** What to write and how. */
export interface CaptureSettings {
  /** Absolute path of the file the snapshot becomes. */
  target: string
  /** Blank the values of strings. */
  redact: boolean
  /** `gzip`, `zstd` or `none`. */
  compression: string
}

/** Where a capture stands. */
export interface CaptureState {
  /** Bytes V8 has written so far. */
  bytesRead: number
  /** Only when the capture has ended well. */
  result?: CaptureResult
  /** Only when it failed: `ERR_LEAKWATCH_…: sentence`. */
  error?: string
}

/** Calls a capture off; it ends soon, with an error. */
export declare function captureCancel(id: number): void;

/**
 * Takes a snapshot in this process. `write` gets a path, lets V8 write there, and returns nothing, or why
 * that failed. Returns the number to ask `captureState` for.
 */
export declare function captureInline(settings: CaptureSettings, write: (arg: string) => string | null): number;

/** How a capture is getting on. Once it has told the end, its number means nothing any more. */
export declare function captureState(id: number): CaptureState;
