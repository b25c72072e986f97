'use strict';
// Ratios to bare, round by round, and how they spread over the servers.

/** What leakWatch() may cost: docs/overhead.md. */
const TARGETS = { watch: { throughput: 0.97, p99: 1.05, rssMb: 15, idlePercent: 0.5 }, stacks: { throughput: 0.9 } };

/**
 * Rounds of one pair of servers are no independent measurements: two processes that do the same differ for as long as they live. So the
 * median of each pair is one figure.
 * @param {Record<string, import('./measure.js').Result>} results one case
 * @param {number} ofOne rounds that belong together: of one server, or of one turn
 */
function rowsOf(results, ofOne) {
  return Object.entries(results).map(([variant, { rounds }]) => {
    const ratios = (field) => rounds.map((round, n) => round[field] / results.bare.rounds[n][field]);
    const relative = (field) => spread(groups(ratios(field), ofOne).map((ratiosOfOne) => spread(ratiosOfOne).median));
    const beyondBare = (field) => results[variant][field].map((figure, n) => figure - results.bare[field][n]);
    return {
      variant,
      perSecond: spread(rounds.map(({ perSecond }) => perSecond)).median,
      throughput: relative('perSecond'),
      cpu: relative('cpuMicros'),
      p99: relative('p99Ms'),
      rssMb: spread(beyondBare('rss').map((bytes) => bytes / 2 ** 20)),
      idlePercent: spread(beyondBare('idlePercent')),
    };
  });
}

function groups(numbers, size) {
  return Array.from({ length: Math.ceil(numbers.length / size) }, (_, n) => numbers.slice(n * size, (n + 1) * size));
}

/** A Markdown table. */
function tableOf(rows) {
  const lines = rows.map(({ variant, perSecond, throughput, cpu, p99, rssMb, idlePercent }) => [
    variant, perSecond.toFixed(0), shown(throughput), shown(cpu), shown(p99), shown(rssMb, 1), shown(idlePercent, 2),
  ]);
  const header = ['', 'requests/s', 'throughput', 'processor time per request', 'p99', 'extra resident MB', 'extra % of a core, idle'];
  return [header, header.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** What costs more than it may, in words. @returns {string[]} */
function misses(rows) {
  return rows.flatMap((row) => {
    const target = TARGETS[row.variant] ?? {};
    const missed = [];
    if (row.throughput.median < target.throughput) missed.push(`throughput ${row.throughput.median.toFixed(3)} < ${target.throughput}`);
    if (row.p99.median > target.p99) missed.push(`p99 ${row.p99.median.toFixed(3)} > ${target.p99}`);
    if (row.rssMb?.median > target.rssMb) missed.push(`${row.rssMb.median.toFixed(1)} MB > ${target.rssMb}`);
    if (row.idlePercent?.median > target.idlePercent) missed.push(`${row.idlePercent.median.toFixed(2)} % of a core idle > ${target.idlePercent}`);
    return missed.map((text) => `${row.variant}: ${text}`);
  });
}

/** Median, with its interval of confidence in brackets; nothing when it was not measured. */
function shown(figure, digits = 3) {
  if (!figure) return '';
  const { median, low, high } = figure;
  return `${median.toFixed(digits)} (${low.toFixed(digits)} to ${high.toFixed(digits)})`;
}

/**
 * The median, and between what it lies with 95 % confidence, whatever the distribution: the ranks are those of a binomial
 * distribution, approximately (W. J. Conover, Practical Nonparametric Statistics, 3.2). Of fewer than six numbers, which cannot
 * tell that, all of them.
 */
function spread(numbers) {
  if (numbers.length === 0) return null;
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const reach = Math.min(0.98 * Math.sqrt(sorted.length), middle);
  const median = (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2;
  return { low: sorted[Math.round(middle - reach)], median, high: sorted[Math.round(middle + reach)] };
}

module.exports = { misses, rowsOf, spread, tableOf };
