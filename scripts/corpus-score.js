'use strict';
const path = require('node:path');

/** @typedef {'first' | 'top' | null} Place 'first': the first suspect says it; 'top': one of the first three */

/**
 * Compares a report with what is known of the app.
 * @param {object} found
 * @param {string} found.corpus folder of all cases, where their packages are
 * @param {string} found.folder of this case
 * @param {any} found.truth case.json
 * @param {any} found.report null when the app could not be tested
 */
function score({ corpus, folder, truth, report }) {
  const verdict = report?.verdict ?? 'failed';
  const suspects = report?.suspects ?? [];
  const lines = [truth, ...(truth.alsoAccept ?? [])].filter((place) => place.file).flatMap(({ file, line }) => [folder, corpus].map((base) => `${path.join(base, file)}:${line}`));
  return {
    leaks: truth.leaks,
    verdict,
    right: truth.leaks ? verdict === 'leaking' : verdict === 'healthy' || verdict === 'undecided',
    falseAlarm: !truth.leaks && verdict === 'leaking',
    found: {
      name: place(suspects, 1, (suspect) => truth.suspect.includes(suspect.name)),
      specific: place(suspects, 1, (suspect) => truth.specific?.includes(suspect.name)),
      // What holds and what is held may be two suspects: places and routes count on either.
      line: place(suspects, 2, (suspect) => placesOf(suspect, [folder, corpus]).some((at) => lines.includes(at))),
      route: place(suspects, 2, (suspect) => suspect.routes.includes(truth.route)),
      retainer: place(suspects, 1, (suspect) => namesOn(suspect.retainerPath).some((name) => truth.retainer.includes(name))),
    },
  };
}

/** @returns {Place} */
function place(suspects, first, isRight) {
  const index = suspects.slice(0, 3).findIndex(isRight);
  return index < 0 ? null : index < first ? 'first' : 'top';
}

/** Reports name files from the application's folder on, those of packages from `node_modules` on. */
function placesOf({ heldAt, createdAt }, bases) {
  const places = [heldAt, ...(createdAt ?? [])].filter(Boolean);
  return places.flatMap(({ file, line }) => bases.map((base) => `${path.resolve(base, file)}:${line}`));
}

/** Every name on the path, whichever field of a step it stands in. */
function namesOn(retainerPath) {
  return retainerPath.flatMap((step) => Object.values(step)).filter((value) => typeof value === 'string').flatMap((text) => [text, ...text.split(/[^\w$]+/)]);
}

module.exports = { score };
