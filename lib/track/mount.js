'use strict';

/** Routers inside routers looked into. */
const MAX_DEPTH = 8;

/**
 * Where an Express route is mounted, as a pattern: `/users/:id/posts`. Express keeps only the address that matched
 * (`baseUrl`), so the routers on the way are asked again which part of it was a parameter.
 * @param {any} request
 * @param {any} route Express's route object
 * @returns {string} '' at the root
 */
function mountOf(request, route) {
  const baseUrl = request.baseUrl || '';
  if (baseUrl === '') return '';
  const applications = mountPathOf(request.app);
  const chain = routersTo(stackOf(request.app), route, 0) ?? [];
  let rest = baseUrl.slice(applications.length === 0 ? 0 : lengthOf(baseUrl, applications));
  let pattern = applications;
  for (const layer of chain) {
    const [matched, named] = prefixOf(layer, rest);
    pattern += named;
    rest = rest.slice(matched.length);
  }
  return pattern + rest;
}

/** Express applications mounted in others keep their pattern. */
function mountPathOf(application) {
  let pattern = '';
  for (let app = application; app?.parent; app = app.parent) {
    const path = Array.isArray(app.mountpath) ? app.mountpath[0] : app.mountpath;
    if (path !== '/') pattern = path + pattern;
  }
  return pattern;
}

/** The part of an address that a pattern with as many segments covers. */
function lengthOf(address, pattern) {
  return address.split('/').slice(0, pattern.split('/').length).join('/').length;
}

/** Express 5 has `router`; on Express 4 that property throws. */
function stackOf(application) {
  return (application?._router ?? application?.router)?.stack ?? [];
}

/** The layers of the routers between a stack and a route. */
function routersTo(stack, route, depth) {
  for (const layer of stack) {
    if (layer.route === route) return [];
    const inner = layer.handle?.stack;
    const chain = Array.isArray(inner) && depth < MAX_DEPTH ? routersTo(inner, route, depth + 1) : undefined;
    if (chain) return [layer, ...chain];
  }
  return undefined;
}

/**
 * What a router's layer matches at the start of an address, as it is and with the parameters' names. Express 4 and
 * older routers of Express 5 leave the match on the layer, newer ones return it with the pattern.
 */
function prefixOf(layer, address) {
  const { path, params } = layer; // what a match changes, and the request that is being served may read
  try {
    const match = layer.match(address);
    const { path: matched, params: values, pattern } = match === true ? layer : match;
    if (!matched) return ['', ''];
    return [matched, typeof pattern === 'string' ? pattern : withNames(matched, values)];
  } catch {
    return ['', ''];
  } finally {
    layer.path = path;
    layer.params = params;
  }
}

function withNames(path, params) {
  const names = new Map(Object.entries(params ?? {}).map(([name, value]) => [String(value), name]));
  return path
    .split('/')
    .map((part) => (names.has(decoded(part)) ? `:${names.get(decoded(part))}` : part))
    .join('/');
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

module.exports = { mountOf };
