//! Suspects from growth clusters: named, traced to a holder, to lines of source and to routes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::advice::advice;
use super::clusters::{Cluster, Interval3};
use super::dominance::Dominance;
use super::holder::{HolderPath, holder_path, path_down};
use super::input::TestRun;
use super::naming::{Named, name};
use super::profile::{AllocationProfile, AllocationStack};
use super::routes::{RouteIndex, RouteVotes};
use super::sites::{Site, SiteFinder, Sites};
use super::steps::{PathReader, shown};
use super::suspect_id::suspect_id;
use crate::heap::{HeapGraph, NodeIndex};
use crate::report::{Confidence, Growth, Location, Package, Step, Suspect, units};
use crate::source::SourceCache;

/// What the suspects are made from.
pub struct HeapEvidence<'a, 'b> {
    /// The run.
    pub run: &'a TestRun,
    /// Its snapshots.
    pub series: &'a Interval3<'a>,
    /// Its allocation profile.
    pub profile: &'a AllocationProfile,
    /// Sources, as far as read.
    pub sources: &'b mut SourceCache,
}

/// A suspect and what the merge needs to know of its cluster.
pub struct HeapSuspect {
    /// The suspect.
    pub suspect: Suspect,
    /// Constructors of what one leaked thing consists of, outermost first.
    pub classes: Vec<String>,
    /// True when no single object holds them.
    pub rootlike: bool,
}

/// One suspect for each cluster.
pub fn heap_suspects(clusters: &[Cluster], evidence: HeapEvidence) -> Vec<HeapSuspect> {
    if clusters.is_empty() {
        return Vec::new();
    }
    let graph = evidence.series.graphs[2];
    let cwd = PathBuf::from(&evidence.run.cwd);
    let dominance = Dominance::of(graph);
    let reader = PathReader::new(graph, &cwd);
    let routes = RouteIndex::new(&evidence.run.handlers, evidence.profile);
    let mut builder = Builder { evidence, graph, cwd: &cwd, dominance, reader, routes };
    clusters.iter().filter_map(|cluster| builder.suspect(cluster)).collect()
}

struct Builder<'a, 'b> {
    evidence: HeapEvidence<'a, 'b>,
    graph: &'a HeapGraph,
    cwd: &'a Path,
    dominance: Dominance,
    reader: PathReader<'a>,
    routes: RouteIndex,
}

impl Builder<'_, '_> {
    /// `None` for what leakwatch itself holds.
    fn suspect(&mut self, cluster: &Cluster) -> Option<HeapSuspect> {
        let named = name(cluster, self.graph);
        let holder = holder_path(self.graph, &self.dominance, cluster.owner);
        if self.is_own(&holder) {
            return None;
        }
        let down = path_down(self.graph, &self.dominance, cluster.owner, self.sample(cluster, &named));
        let path = self.reader.steps(&holder, &down);
        let sites = self.sites(&holder, &down);
        let created_at: Vec<Location> = sites.grows_at.iter().map(|site| location(site, self.cwd)).collect();
        let suspect = Suspect {
            id: suspect_id(named.kind, &path, None),
            kind: named.kind,
            growth: self.growth(cluster, &named),
            held_at: sites.held_at.as_ref().map(|site| location(site, self.cwd)),
            package: sites
                .package
                .clone()
                .map(|package| Package { name: package.name, version: package.version }),
            routes: self.route_names(&sites),
            confidence: confidence(cluster, &created_at),
            evidence: self.sentences(cluster, &named, &path),
            advice: advice(named.kind, &named.name, &path),
            name: named.name,
            retainer_path: path,
            created_at,
        };
        let classes = cluster.classes.iter().map(|class| class.class.clone()).collect();
        Some(HeapSuspect { suspect, classes, rootlike: cluster.rootlike })
    }

    fn is_own(&self, holder: &HolderPath) -> bool {
        let own = self.evidence.run.own_folder.as_deref();
        own.is_some_and(|folder| {
            self.reader.anchors(holder, &[]).iter().any(|anchor| anchor.file().starts_with(folder))
        })
    }

    /// An object of the named class; the lead's when the name is the holder's or a kind.
    fn sample(&self, cluster: &Cluster, named: &Named) -> NodeIndex {
        let class = cluster.classes.iter().find(|class| class.class == named.name);
        class.map_or(cluster.lead.sample, |class| class.sample)
    }

    fn sites(&mut self, holder: &HolderPath, down: &[crate::heap::EdgeIndex]) -> Sites {
        let anchors = self.reader.anchors(holder, down);
        if anchors.is_empty() {
            return Sites::default();
        }
        let entry = Path::new(&self.evidence.run.entry);
        SiteFinder::new(self.evidence.sources, self.evidence.profile, entry).find(&anchors)
    }

    fn growth(&self, cluster: &Cluster, named: &Named) -> Growth {
        let requests: f64 = self.evidence.series.requests.iter().sum::<f64>().max(1.0);
        let (count, bytes) = (named.counts[0] + named.counts[1], cluster.bytes[0] + cluster.bytes[1]);
        Growth {
            count,
            bytes,
            count_per_request: count as f64 / requests,
            bytes_per_request: bytes as f64 / requests,
            bytes_per_minute: None,
        }
    }

    /// The routes of the allocation stacks that pass through a growing line's function; of its surroundings otherwise.
    fn route_names(&mut self, sites: &Sites) -> Vec<String> {
        let mut votes = RouteVotes::default();
        let functions = self.functions_of(&sites.grows_at);
        for stack in &self.evidence.profile.stacks {
            if passes_through(stack, &functions) {
                votes.add(&self.routes.routes_of(stack), stack.bytes);
            }
        }
        let decided = votes.decided();
        if !decided.is_empty() {
            return decided;
        }
        let mut around = RouteVotes::default();
        for site in &sites.grows_at {
            around.add(
                &self.routes.routes_around(&site.file.to_string_lossy(), site.at, self.evidence.sources),
                1.0,
            );
        }
        around.decided()
    }

    fn functions_of(&mut self, sites: &[Site]) -> BTreeSet<(String, u32, u32)> {
        let mut functions = BTreeSet::new();
        for site in sites {
            let Some(source) = self.evidence.sources.file(&site.file) else { continue };
            let Some(function) = source.function_at(site.at) else { continue };
            let start = source.function(function).parameters;
            functions.insert((site.file.to_string_lossy().into_owned(), start.line, start.column));
        }
        functions
    }

    fn sentences(&self, cluster: &Cluster, named: &Named, path: &[Step]) -> Vec<String> {
        let [first, second] = self.evidence.series.requests;
        let [a, b] = named.counts;
        let mut sentences = vec![format!(
            "{} stayed of {} requests, then {} of {} more, after forced collections",
            units::count(a),
            units::count(first as u64),
            units::count(b),
            units::count(second as u64)
        )];
        if let (false, Some(sizes)) = (cluster.rootlike, self.owner_sizes(cluster)) {
            let holder = path
                .iter()
                .rev()
                .find_map(|step| step.constructor.clone())
                .unwrap_or_else(|| "the holder".to_owned());
            let [a, b, c] = sizes.map(|size| units::bytes(size as f64));
            let _ = holder;
            sentences.push(format!("what holds them retains {a}, then {b}, then {c}"));
        }
        let parts = contents(cluster, named);
        if !parts.is_empty() {
            sentences.push(format!("each keeps {parts}"));
        }
        sentences
    }

    fn owner_sizes(&self, cluster: &Cluster) -> Option<[u64; 3]> {
        let id = self.graph.id(cluster.owner);
        let size = |graph: &HeapGraph| graph.node_by_id(id).map(|node| graph.retained_size(node));
        let [a, b, c] = self.evidence.series.graphs;
        Some([size(a)?, size(b)?, size(c)?])
    }
}

/// What one leaked thing consists of, besides itself: `1 ServerResponse, 1 Socket, 16 Array`.
fn contents(cluster: &Cluster, named: &Named) -> String {
    const SHOWN: usize = 4;
    let units = (named.counts[0] + named.counts[1]).max(1);
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    let parts = cluster
        .classes
        .iter()
        .filter(|class| class.class != named.name && !class.class.starts_with("system"));
    for class in parts.filter(|class| !class.class.starts_with('(') && class.class != "string") {
        let each = (class.counts[0] + class.counts[1]) / units;
        if each > 0 && counts.len() < SHOWN {
            counts.insert(&class.class, each);
        }
    }
    counts.iter().map(|(class, each)| format!("{each} {class}")).collect::<Vec<_>>().join(", ")
}

fn passes_through(stack: &AllocationStack, functions: &BTreeSet<(String, u32, u32)>) -> bool {
    stack.frames.iter().any(|frame| functions.contains(&(frame.file.clone(), frame.line, frame.column)))
}

fn confidence(cluster: &Cluster, created_at: &[Location]) -> Confidence {
    match (cluster.rootlike, created_at.is_empty()) {
        (false, false) => Confidence::High,
        (false, true) => Confidence::Medium,
        (true, _) => Confidence::Low,
    }
}

fn location(site: &Site, cwd: &Path) -> Location {
    Location {
        file: shown(&site.file, cwd),
        line: site.at.line,
        column: site.at.column,
        function: site.function.clone(),
    }
}
