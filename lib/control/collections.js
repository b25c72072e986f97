'use strict';
const { types } = require('node:util');

/** Smaller ones are no heap that keeps growing, or grow so slowly that counting tells nothing yet. */
const MIN_ENTRIES = 64;
const MAX_COLLECTIONS = 256;
/** Looking for the holes of a longer array takes too long. */
const MAX_ARRAY = 2 ** 25;

const mapSize = getterOf(Map.prototype, 'size');
const setSize = getterOf(Set.prototype, 'size');

/**
 * Counts the entries of the app's larger arrays, maps, sets and objects. A heap snapshot does not show numbers, and
 * the store they are in grows in steps: only their count tells that every request adds one.
 */
class Collections {
  #inspection;
  /** @type {{ id: number, collection: WeakRef<object> }[] | null} */
  #known = null;

  /** @param {import('./inspection.js').Inspection} inspection */
  constructor(inspection) {
    this.#inspection = inspection;
  }

  /**
   * Those that were there at the first call, which comes after a heap snapshot, and still are. `id`: as in snapshots.
   * @returns {{ id: number, count: number }[]}
   */
  count() {
    this.#known ??= this.#find();
    return this.#known.flatMap(({ id, collection }) => {
      const alive = collection.deref();
      return alive ? [{ id, count: entriesOf(alive) }] : [];
    });
  }

  #find() {
    const counted = this.#inspection.objects().map((object) => ({ object, count: entriesOf(object) }));
    const large = counted.filter(({ count }) => count >= MIN_ENTRIES).sort((a, b) => b.count - a.count);
    return large.slice(0, MAX_COLLECTIONS).flatMap(({ object }) => {
      const id = this.#inspection.idOf(object);
      return id === null ? [] : [{ id, collection: new WeakRef(object) }];
    });
  }
}

/** Runs none of the app's code: neither getters nor a proxy's traps. @returns {number} 0 for what is no collection */
function entriesOf(object) {
  if (types.isMap(object)) return mapSize.call(object);
  if (types.isSet(object)) return setSize.call(object);
  if (types.isProxy(object) || ArrayBuffer.isView(object) || types.isBoxedPrimitive(object) || types.isModuleNamespaceObject(object)) return 0;
  return Array.isArray(object) ? elementsOf(object) : typeof object === 'object' ? Object.keys(object).length : 0;
}

/** An array's length says little when most of it are holes. */
function elementsOf(array) {
  let count = 0;
  for (let index = array.length > MAX_ARRAY ? array.length : 0; index < array.length; index++) if (Object.hasOwn(array, index)) count++;
  return count;
}

function getterOf(prototype, name) {
  return /** @type {() => number} */ (Object.getOwnPropertyDescriptor(prototype, name)?.get);
}

module.exports = { Collections, entriesOf };
