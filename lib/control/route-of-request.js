'use strict';

/**
 * Which of the routes seen so far a request will take: the one that matches it most closely. Express decides later and
 * better; this is for telling requests apart before it has.
 * @param {string[]} routes as the tracker names them: `GET /users/:id`, `WS /game`, `GET (unmatched)`
 * @param {{ method?: string, url?: string }} request
 * @param {'upgrade'} [protocol]
 * @returns {string | undefined}
 */
function routeOfRequest(routes, { method = 'GET', url = '/' }, protocol) {
  const methods = protocol === 'upgrade' ? ['WS', 'UPGRADE'] : method === 'HEAD' ? ['HEAD', 'GET'] : [method];
  const segments = segmentsOf(url.split('?')[0]);
  let best;
  let closest = -1;
  for (const route of routes) {
    const [routeMethod, ...rest] = route.split(' ');
    if (!methods.includes(routeMethod)) continue;
    const closeness = Math.max(...rest.join(' ').split('|').map((pattern) => closenessOf(segmentsOf(pattern), segments)));
    if (closeness > closest) [best, closest] = [route, closeness];
  }
  return best;
}

/** How closely a pattern matches: a literal segment says more than a parameter; -1 when it does not match. */
function closenessOf(pattern, segments) {
  if (pattern[0] === '(unmatched)') return 0;
  let closeness = 1;
  for (const [index, part] of pattern.entries()) {
    if (/[*{(]/.test(part)) return closeness;
    if (index >= segments.length) return -1;
    if (part.startsWith(':')) closeness += 2;
    else if (part.toLowerCase() === segments[index].toLowerCase()) closeness += 3;
    else return -1;
  }
  // A server without routes is named by its first segments, so a longer address may be meant; a route's is not.
  return segments.length === pattern.length ? closeness + 1 : pattern.some((part) => part.startsWith(':')) ? -1 : closeness / 2;
}

function segmentsOf(path) {
  return path.split('/').filter((segment) => segment !== '');
}

module.exports = { routeOfRequest };
