'use strict';
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { LeakWatchError } = require('../errors.js');

// A snapshot file is at most about this many times the heap it shows.
const SNAPSHOT_PER_HEAP_BYTE = 3;
const SPARE_BYTES = 20 * 1024 * 1024;

/** Where snapshots and profiles go: a private temporary folder, or the one the user wants them in. */
class Workdir {
  #temporary;

  /** @param {string | null} keep folder that stays */
  constructor(keep) {
    this.#temporary = keep === null;
    try {
      this.path = keep === null ? fs.mkdtempSync(path.join(os.tmpdir(), 'leakwatch-')) : makeFolder(path.resolve(keep));
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
      `Not enough space for a heap snapshot in ${this.path}: about ${megabytes(needed)} are needed, ${megabytes(bavail * bsize)} are free. Make room, or use another disk with ${this.#temporary ? 'TMPDIR' : '--keep-snapshots'}.`,
    );
  }

  /** Removes a temporary folder with all that is in it. */
  remove() {
    if (this.#temporary) fs.rmSync(this.path, { recursive: true, force: true });
  }
}

/** Fails now rather than after the rounds when nothing can be written there. */
function makeFolder(folder) {
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  const probe = path.join(folder, `.leakwatch-${process.pid}`);
  fs.writeFileSync(probe, '');
  fs.rmSync(probe);
  return folder;
}

function megabytes(bytes) {
  return `${Math.ceil(bytes / 1024 / 1024)} MB`;
}

module.exports = { Workdir };
