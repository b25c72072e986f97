//! What was seen of a cluster, a sentence each.

use super::cluster::Cluster;
use super::intervals::Interval3;
use super::isolation::RouteRate;
use super::naming::Named;
use crate::report::units;

/// Parts of a leaked thing that are worth telling.
const MAX_PARTS: usize = 4;

/// The sentences, strongest first.
/// `too`: who else holds them, as paths.
pub fn sentences(
    series: &Interval3,
    cluster: &Cluster,
    named: &Named,
    rates: &[RouteRate],
    too: &[String],
) -> Vec<String> {
    let [first, second] = series.requests.map(|requests| units::count(requests as u64));
    let recurs = named.counts != [0, 0] && cluster.entries.is_none();
    let [a, b] = named.counts.map(units::count);
    let what = if named.name == "string" { "strings" } else { &named.name };
    let stayed =
        format!("{a} {what} stayed of {first} requests, then {b} of {second} more, after forced collections");
    let has = |[a, b, c]: [String; 3]| {
        format!("it had {a}, then {b}, then {c} entries, with {first} requests and {second} more in between")
    };
    let entries = cluster.entries.map(|entries| has(entries.map(units::count)));
    let retains = |[a, b, c]: [String; 3]| format!("what holds them retains {a}, then {b}, then {c}");
    let others = (!too.is_empty()).then(|| format!("also held by {}", too.join(" and by ")));
    let sizes = cluster.retained.map(|sizes| retains(sizes.map(|size| units::bytes(size as f64))));
    [recurs.then_some(stayed), others, entries, apart(cluster, named, rates), sizes, parts(cluster, named)]
        .into_iter()
        .flatten()
        .collect()
}

/// What each route left when it was alone, in leaked things (the rates count the cluster's outermost class, of which
/// one thing may have several), or in bytes when the holder grows without gaining objects.
fn apart(cluster: &Cluster, named: &Named, rates: &[RouteRate]) -> Option<String> {
    let total = |counts: [u64; 2]| (counts[0] + counts[1]) as f64;
    let amount = |per_request: f64| match total(cluster.lead.counts) {
        0.0 => units::bytes(per_request),
        parts => units::rate(per_request * total(named.counts) / parts),
    };
    let each = |rate: &RouteRate| format!("{} leaves {} a request", rate.route, amount(rate.per_request));
    let told: Vec<String> = rates.iter().map(each).collect();
    (!told.is_empty()).then(|| format!("one route at a time: {}", told.join(", ")))
}

/// What one leaked thing consists of besides itself: `each keeps 1 IncomingMessage, 1 Socket`.
fn parts(cluster: &Cluster, named: &Named) -> Option<String> {
    let units = (named.counts[0] + named.counts[1]).max(1);
    let telling = |class: &str| {
        let internal = class.starts_with("system") || class.starts_with('(');
        // Functions come along with whatever is held, those of Node and of dependencies too.
        class != named.name && class != "string" && !internal && !class.ends_with("()")
    };
    let each =
        cluster.classes.iter().map(|class| (&class.class, (class.counts[0] + class.counts[1]) / units));
    let told: Vec<String> = each
        .filter(|(class, count)| *count > 0 && telling(class))
        .take(MAX_PARTS)
        .map(|(class, count)| format!("{count} {class}"))
        .collect();
    (!told.is_empty()).then(|| format!("each keeps {}", told.join(", ")))
}
