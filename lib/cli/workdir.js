'use strict';
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { LeakWatchError } = require('../errors.js');

// A snapshot file is at most about this many times the heap it shows.
const SNAPSHOT_PER_HEAP_BYTE = 3;
const SPARE_BYTES = 20 * 1024 * 1024;

/** Where a run's snapshots and profiles are: a private temporary folder, inside the one that they shall stay in. */
class Workdir {
  #keep;

  /** @param {string | null} keep folder that `keep` moves everything to */
  constructor(keep) {
    this.#keep = keep;
    try {
      if (keep !== null) makeFolder(path.resolve(keep));
      this.path = fs.mkdtempSync(path.join(path.resolve(keep ?? os.tmpdir()), 'leakwatch-'));
    } catch (error) {
      const folder = keep ?? os.tmpdir();
      const advice = keep === null ? 'Point the TMPDIR environment variable at a folder that can be written.' : 'Name another folder for --keep-snapshots.';
      throw new LeakWatchError('ERR_LEAKWATCH_FOLDER', `Cannot write to ${folder}: ${/** @type {Error} */ (error).message}. ${advice}`, { cause: error });
    }
  }

  /** @param {string} name */
  file(name) {
    return path.join(this.path, name);
  }

  /**
   * Refuses before a snapshot would fill the disk.
   * @param {number} heapBytes used heap of the process
   */
  requireSpace(heapBytes) {
    const { bavail, bsize } = fs.statfsSync(this.path);
    const needed = heapBytes * SNAPSHOT_PER_HEAP_BYTE + SPARE_BYTES;
    if (bavail * bsize >= needed) return;
    throw new LeakWatchError(
      'ERR_LEAKWATCH_DISK_FULL',
      `Not enough space for a heap snapshot in ${this.path}: about ${megabytes(needed)} are needed, ${megabytes(bavail * bsize)} are free. Make room, or use another disk with ${this.#keep === null ? 'TMPDIR' : '--keep-snapshots'}.`,
    );
  }

  /**
   * Moves what a finished run wrote to where it stays: a run that fails leaves nothing half there.
   * @param {object} evidence names some of the files; written beside them
   */
  keep(evidence) {
    if (this.#keep === null) return;
    const folder = path.resolve(this.#keep);
    const json = JSON.stringify(evidence, (_, value) => (typeof value === 'string' ? value.replace(this.path, folder) : value), 2);
    fs.writeFileSync(this.file('testrun.json'), json, { mode: 0o600 });
    for (const name of fs.readdirSync(this.path)) fs.renameSync(this.file(name), path.join(folder, name));
  }

  /** Removes what was not kept. */
  remove() {
    fs.rmSync(this.path, { recursive: true, force: true });
  }
}

/** Level by level: Node's own `recursive` never returns where the system lets nobody make a folder, as below /proc. */
function makeFolder(folder) {
  if (fs.existsSync(folder)) return;
  makeFolder(path.dirname(folder));
  fs.mkdirSync(folder, { mode: 0o700 });
}

function megabytes(bytes) {
  return `${Math.ceil(bytes / 1024 / 1024)} MB`;
}

module.exports = { Workdir };
