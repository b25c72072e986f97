//! Growth that may stop by itself, so that it proves nothing yet: what the application takes out by size, by comparing or by a
//! timer, and an array that was made with room for more.

use std::path::{Path, PathBuf};

use super::advice::{on_route, thing};
use super::anchor::Anchor;
use super::cluster::Cluster;
use super::intervals::Interval3;
use super::losses::{lost, turned_over};
use super::site::{Site, site};
use super::slowing::{Rate, slowing};
use super::steps::shown;
use super::touches::{Level, application_touches, own_touches};
use crate::heap::{EdgeKind, HeapGraph, NodeIndex, NodeType};
use crate::report::{Suspect, units};
use crate::source::{Limit, PackageOf, SourceCache, is_of_application, path_of_script};

/// Why growth may stop by itself.
#[derive(Clone, Debug, PartialEq)]
pub enum Bound {
    /// The application takes something out at this place, and has not while it was watched.
    Limit(Limit, Site),
    /// The holder is an array with room for so many.
    Room(u64),
    /// They are timers that fire once, and have not yet.
    Fires,
    /// Ever fewer come: so many of all requests before, and so many of the last ones.
    Slows([Rate; 2]),
    /// So many more connections are open, and it may be what serves them.
    Visitors(f64),
}

impl Bound {
    /// Why what grows is not accused, in a sentence.
    pub fn doubt(&self, suspect: &Suspect, cwd: &Path) -> String {
        let holder = format!("{}{}", thing(suspect), on_route(suspect));
        match self {
            Bound::Limit(limit, site) => {
                let file = shown(&site.file, cwd);
                let does = match limit {
                    Limit::Size => "takes things out when there are too many",
                    Limit::Room => "adds no more when there are many",
                    Limit::Timer | Limit::Turnover | Limit::Timeout => "takes things out by a timer",
                    Limit::Clock => "takes all out after some time",
                    Limit::Given => "sets a maximum for it",
                    Limit::Each => "goes through them and takes out those that a comparison tells",
                };
                format!(
                    "{holder} grows by {} a request, but {file}:{} {does}, and that did not \
                     happen yet: it may stop by itself; more requests, or a lower limit while testing, will tell",
                    units::bytes(suspect.growth.bytes_per_request),
                    site.at.line
                )
            }
            Bound::Fires => {
                "timers pile up that fire once and did not yet: a longer run will tell whether they do"
                    .to_owned()
            }
            Bound::Slows([before, after]) => format!(
                "{holder} grows ever more slowly, by {} of the first {} requests and by {} of the last {}: it may stop by \
                 itself; more requests will tell",
                units::count(before.things as u64),
                units::count(before.requests as u64),
                units::count(after.things as u64),
                units::count(after.requests as u64)
            ),
            Bound::Visitors(connections) => format!(
                "{holder} grows, but {connections:.0} more connections are open, and it may be what serves them"
            ),
            Bound::Room(places) => format!(
                "{holder} grows, but was made with room for {}: it may stop by itself; more requests will tell",
                units::count(*places)
            ),
        }
    }
}

/// So many things taken out of a holder in the first interval mean that what takes them out is at work, and the growth
/// of the second is in spite of it.
const MIN_REMOVED: usize = 4;
/// An array that grows by itself has half as much room again as it needs, and one that shrinks gives back what is
/// above twice that.
const GROWTH_FACTOR: f64 = 2.0;
const GROWTH_SLACK: f64 = 17.0;

/// The bound of what holds `cluster`, if it has one that was not reached yet. `level`: what of the nearest anchor
/// it is that grows; limits of anything else are none of its own.
pub fn bound(
    series: &Interval3,
    cluster: &Cluster,
    (anchors, level): (&[Anchor], Level),
    sources: &mut SourceCache,
    scripts: &[PathBuf],
) -> Option<Bound> {
    if let Some(room) = room(series.graphs[2], cluster) {
        return Some(Bound::Room(room));
    }
    if let Some(rates) = slowing(series, cluster) {
        return Some(Bound::Slows(rates));
    }
    let mut limited = |anchor| {
        let touches = application_touches(sources, scripts, anchor, level);
        let limits = touches.into_iter().filter_map(|(site, limit)| Some((limit?, site)));
        let mut kept = limits.filter(|(limit, _)| *limit != Limit::Timeout);
        kept.next().map(|(limit, site)| Bound::Limit(limit, site))
    };
    let nearest = anchors.first()?;
    let nearest = limited(nearest)
        .or_else(|| own_limit(&series.graphs[2].name(cluster.owner), sources, scripts))
        .or_else(|| swept(series.graphs[2], sources, (nearest, level)))
        .or_else(|| given(sources, scripts, anchors))?;
    let at_work = series.shares_ids
        && match nearest {
            Bound::Limit(Limit::Turnover, _) => turned_over(series, cluster) >= MIN_REMOVED,
            _ => lost(series, cluster)[0].removed >= MIN_REMOVED,
        };
    (!at_work).then_some(nearest)
}

/// The place where a class of the application takes something out of itself: `if (this.size > MAX) this.delete(oldest)`.
fn own_limit(class: &str, sources: &mut SourceCache, scripts: &[PathBuf]) -> Option<Bound> {
    scripts.iter().filter(|file| is_of_application(file)).find_map(|file| {
        let source = sources.file(file)?;
        let touch = source.own_limits.get(class)?.iter().find(|touch| !touch.is_of_entry())?;
        Some(Bound::Limit(touch.limit?, site(file, &source, touch.at, touch.function)))
    })
}

/// The place in a dependency's file that takes something out of its `anchor` by a timer, when such a timer is set:
/// without one nobody knows whether this application has it swept.
fn swept(graph: &HeapGraph, sources: &mut SourceCache, (anchor, level): (&Anchor, Level)) -> Option<Bound> {
    sources.dependency(anchor.file())?;
    let touches = own_touches(sources, anchor, level).into_iter();
    let mut sweeps =
        touches.filter(|(_, limit)| matches!(limit, Some(Limit::Timer | Limit::Turnover | Limit::Timeout)));
    let (site, _) = sweeps.next()?;
    has_timer(graph, anchor.file()).then_some(Bound::Limit(Limit::Timer, site))
}

/// The place where the application sets a maximum for what the dependency of the nearest anchor counts. It makes no other
/// thing of the dependencies on the way without one: nobody could tell which of them grows.
fn given(sources: &mut SourceCache, scripts: &[PathBuf], anchors: &[Anchor]) -> Option<Bound> {
    let nearest = anchors.first()?.file();
    sources.dependency(nearest)?;
    let bounding = sources.file(nearest)?.bounding.clone();
    let packages: Vec<PackageOf> =
        anchors.iter().filter_map(|anchor| sources.dependency(anchor.file())).collect();
    let mut first = None;
    for file in scripts.iter().filter(|file| is_of_application(file)) {
        let Some(source) = sources.file(file) else { continue };
        let made = source
            .made
            .iter()
            .filter(|made| packages.iter().any(|package| package.is_imported_as(&made.from)));
        for made in made {
            if !made.numbers.iter().any(|option| bounding.contains(option)) {
                return None;
            }
            first = first.or_else(|| Some(site(file, &source, made.at, made.function)));
        }
    }
    first.map(|site| Bound::Limit(Limit::Given, site))
}

/// Is there a timer that is set and runs a function of this file?
fn has_timer(graph: &HeapGraph, file: &Path) -> bool {
    let callback = |timer| {
        graph
            .edges(timer)
            .find(|&edge| graph.raw_edge_name(edge) == Some(b"_onTimeout"))
            .map(|edge| graph.edge_target(edge))
    };
    let is_timer =
        |&node: &NodeIndex| graph.node_type(node) == NodeType::Object && graph.name(node) == "Timeout";
    let mut callbacks = graph.nodes().filter(is_timer).filter_map(callback);
    callbacks.any(|function| {
        let place = graph.location_of(function);
        place.and_then(|place| path_of_script(&place.file)).is_some_and(|of| of == file)
    })
}

/// Places of an array that has room for more than growing leaves: it was made that long.
fn room(graph: &HeapGraph, cluster: &Cluster) -> Option<u64> {
    let owner = cluster.owner;
    if graph.node_type(owner) != NodeType::Object || graph.name(owner) != "Array" {
        return None;
    }
    // An array's size counts what it keeps its elements in.
    let places = graph.self_size(owner) / size_of::<u64>() as u64;
    let taken = match cluster.entries {
        Some([.., entries]) => entries,
        None => objects_in(graph, elements(graph, owner)?),
    };
    (taken > 0 && places as f64 > taken as f64 * GROWTH_FACTOR + GROWTH_SLACK).then_some(places)
}

fn objects_in(graph: &HeapGraph, store: NodeIndex) -> u64 {
    let is_hole = |node| graph.node_type(node) == NodeType::Hidden && graph.name(node) == ODDBALL;
    graph.edges(store).filter(|&edge| !is_hole(graph.edge_target(edge))).count() as u64
}

/// `undefined`, `null` and holes.
const ODDBALL: &str = "system / Oddball";

fn elements(graph: &HeapGraph, array: NodeIndex) -> Option<NodeIndex> {
    let mut internal = graph.edges(array).filter(|&edge| graph.edge_kind(edge) == EdgeKind::Internal);
    internal.find(|&edge| graph.raw_edge_name(edge) == Some(b"elements")).map(|edge| graph.edge_target(edge))
}
