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
  const applications = mountPathOf(request.app);
  const chain = routersTo(stackOf(request.app), route, 0);
  const below = (address) => address.slice(applications === '' ? 0 : lengthOf(address, applications));
  const baseUrl = below(request.baseUrl || '');
  if (!chain) return applications + baseUrl;
  // An error that has left the routers on the way took `baseUrl` back; the whole address still tells.
  return applications + (patternOf(chain, baseUrl) ?? patternOf(chain, below(pathOf(request.originalUrl))) ?? baseUrl);
}

/** The address with the parameters' names, as far as the routers match it; nothing when one does not. */
function patternOf(chain, address) {
  let pattern = '';
  let rest = address;
  for (const layer of chain) {
    const found = prefixOf(layer, rest);
    if (!found) return undefined;
    const [matched, named] = found;
    pattern += named;
    rest = rest.slice(matched.length);
  }
  return pattern;
}

function pathOf(url) {
  return typeof url === 'string' ? url.split('?')[0] : '';
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

/** The layers of an application. Express 5 has `router`; on Express 4 that property throws. */
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
    if (!match) return undefined;
    const { path: matched, params: values, pattern } = match === true ? layer : match;
    if (!matched) return ['', ''];
    return [matched, typeof pattern === 'string' ? pattern : withNames(matched, values)];
  } catch {
    return undefined;
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

module.exports = { mountOf, stackOf };
