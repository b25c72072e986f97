'use strict';

/**
 * Every error leakwatch throws or rejects with. `code` is stable and starts with
 * `ERR_LEAKWATCH_`; the message says what was wrong, what was expected and what to do.
 */
class LeakWatchError extends Error {
  /**
   * @param {string} code `ERR_LEAKWATCH_…`
   * @param {string} message
   * @param {{ cause?: unknown }} [options]
   */
  constructor(code, message, options) {
    super(message, options);
    this.code = code;
  }
}
Object.defineProperty(LeakWatchError.prototype, 'name', { value: 'LeakWatchError', configurable: true, writable: true });

const NATIVE_MESSAGE = /^(ERR_LEAKWATCH_[A-Z0-9_]+): ([^]*)$/;

/**
 * What the native part threw, as a LeakWatchError: it puts the code in front of its message.
 * @param {unknown} error
 * @returns {LeakWatchError}
 */
function fromNative(error) {
  if (error instanceof LeakWatchError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const coded = NATIVE_MESSAGE.exec(message);
  if (coded) return new LeakWatchError(coded[1], coded[2], { cause: error });
  return new LeakWatchError('ERR_LEAKWATCH_INTERNAL', `leakwatch's native part failed: ${message}. This is a bug in leakwatch; please report it.`, { cause: error });
}

module.exports = { LeakWatchError, fromNative };
