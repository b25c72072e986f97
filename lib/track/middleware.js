'use strict';
const { stackOf } = require('./mount.js');

/**
 * An Express middleware that does nothing: what is known of requests, Node's servers tell. Its layer alone would cost
 * each request as much as all the rest of a watch, so the first request through it in an application is the last:
 * the layer stays where it is, because others may know its place, and matches nothing from then on.
 * @returns {(request: any, response: unknown, next: () => void) => void}
 */
function createMiddleware() {
  /** @type {WeakSet<object>} */
  const met = new WeakSet();
  const leakWatch = (request, response, next) => {
    const application = request?.app;
    if (typeof application === 'function' && !met.has(application)) {
      met.add(application);
      stepAside(application, leakWatch);
    }
    next();
  };
  return leakWatch;
}

/** The application comes first: where anything is unusual the layer is left alone. */
function stepAside(application, middleware) {
  try {
    for (const layer of stackOf(application)) if (isPlain(layer, middleware)) matchNothing(layer);
  } catch {
    // Then it is passed through as any other.
  }
}

/** Not below a path, not inside a router, and neither handler nor match wrapped by somebody. */
function isPlain(layer, middleware) {
  const isAtRoot = layer.slash === true || layer.regexp?.fast_slash === true; // Express 5, Express 4
  return layer.handle === middleware && isAtRoot && typeof layer.match === 'function' && !Object.hasOwn(layer, 'match');
}

/** By what Express 5 looks at, where that is enough: a method of its own gives the layer another shape, and all layers are dearer for it. */
function matchNothing(layer) {
  if (Array.isArray(layer.matchers)) Object.assign(layer, { slash: false, matchers: [] });
  if (layer.match('/')) layer.match = () => false;
}

module.exports = { createMiddleware };
