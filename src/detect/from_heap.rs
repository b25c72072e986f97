//! Suspects from growth clusters: named, traced to a holder, to lines of source and to routes.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::advice::{WASM_MEMORY, advice, bound_in, is_wasm_memory, unregister};
use super::anchor::Anchor;
use super::answerable::answerable;
use super::bounds::{Bound, bound};
use super::cluster::Cluster;
use super::cluster_routes::ClusterRoutes;
use super::dominance::Dominance;
use super::evidence::sentences;
use super::growing_way::growing_way;
use super::holder::{HolderPath, Start, holder_path};
use super::input::TestRun;
use super::intervals::Interval3;
use super::isolation::RouteRate;
use super::naming::{Named, is_telling, name};
use super::profile::AllocationProfile;
use super::routes::RouteIndex;
use super::site::Site;
use super::sites::{SiteFinder, Sites};
use super::steps::{PathReader, event_listened_to, kept_for_event, shown};
use super::suspect_id::suspect_id;
use super::timer_callbacks::common_callback;
use super::touches::Level;
use crate::heap::{EdgeIndex, HeapGraph, NodeIndex, NodeType};
use crate::report::{Confidence, Growth, Location, Package, Step, StepKind, Suspect, SuspectKind, path_text};
use crate::source::{PackageOf, SourceCache, is_of_application, path_of_script};

/// Objects near one that leaks that are looked at for functions.
const MAX_NEAR: usize = 256;
/// More holders of the same things help nobody.
const MAX_TOO: usize = 2;

/// What the suspects are made from.
pub struct HeapEvidence<'a, 'b> {
    /// The run.
    pub run: &'a TestRun,
    /// Its snapshots.
    pub series: &'a Interval3<'a>,
    /// Its allocation profile.
    pub profile: &'a AllocationProfile,
    /// What each route alone left in each cluster; empty lists when that was not tried.
    pub isolated: &'a [Vec<RouteRate>],
    /// Timers that fire once and had no time to.
    pub waiting: u64,
    /// Sources, as far as read.
    pub sources: &'b mut SourceCache,
}

/// A suspect and what the merge needs to know of its cluster (JSON, camelCase).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HeapSuspect {
    /// The suspect.
    pub suspect: Suspect,
    /// Constructors of what one leaked thing consists of, outermost first.
    pub classes: Vec<String>,
    /// True when no single object holds them.
    pub rootlike: bool,
    /// Set when the growth may stop by itself: then it is no proof.
    #[serde(skip)]
    pub bound: Option<Bound>,
}

/// Why these are not accused, a sentence for each bound: many holders may have the same.
pub fn doubts(doubtful: &[HeapSuspect], cwd: &Path) -> Vec<String> {
    let mut told: Vec<&Bound> = Vec::new();
    let mut sentences = Vec::new();
    for HeapSuspect { suspect, bound, .. } in doubtful {
        if let Some(bound) = bound.as_ref().filter(|bound| !told.contains(bound)) {
            told.push(bound);
            sentences.push(bound.doubt(suspect, cwd));
        }
    }
    sentences
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
    let scripts = application_scripts(graph, evidence.run);
    let mut builder = Builder { evidence, graph, cwd: &cwd, dominance, reader, routes, scripts };
    clusters.iter().enumerate().filter_map(|(index, cluster)| builder.suspect(index, cluster)).collect()
}

/// The entry first, then every script that has a function alive, leakwatch's own left out.
fn application_scripts(graph: &HeapGraph, run: &TestRun) -> Vec<PathBuf> {
    let is_own = |file: &PathBuf| run.own_folder.as_ref().is_some_and(|own| file.starts_with(own));
    let entry = PathBuf::from(&run.entry);
    let loaded = graph.script_files().into_iter().filter_map(path_of_script);
    let others: Vec<PathBuf> = loaded.filter(|file| !is_own(file) && *file != entry).collect();
    std::iter::once(entry).chain(others).collect()
}

struct Builder<'a, 'b> {
    evidence: HeapEvidence<'a, 'b>,
    graph: &'a HeapGraph,
    cwd: &'a Path,
    dominance: Dominance,
    reader: PathReader<'a>,
    routes: RouteIndex,
    scripts: Vec<PathBuf>,
}

impl Builder<'_, '_> {
    /// `None` for what leakwatch itself holds, and for what is only known to gain entries in the middle of Node.
    fn suspect(&mut self, index: usize, cluster: &Cluster) -> Option<HeapSuspect> {
        let holder = holder_path(self.graph, &self.dominance, cluster.owner, self.own_folder());
        if self.is_own(&holder) || (cluster.entries.is_some() && self.is_nodes(&holder)) {
            return None;
        }
        let rates = &self.evidence.isolated[index];
        let cluster = &self.without_own_classes(cluster);
        let mut named = name(cluster, self.graph, &self.dominance);
        let member = self.sample(cluster, &named);
        let down = growing_way(self.evidence.series, &self.dominance, cluster, member);
        if self.passes_own(&holder, &down) {
            return None;
        }
        let mut path = self.reader.steps(&holder, &down);
        if is_wasm_memory(&path) {
            path.pop();
            named.name = WASM_MEMORY.to_owned();
        }
        if named.kind == SuspectKind::Closure
            && let Some(event) = event_listened_to(&path)
        {
            (named.kind, named.name) = (SuspectKind::Listener, event.to_owned());
        }
        let anchors = self.reader.anchors(&holder, &down, cluster.chain);
        let of_entry = self.reader.is_of_entry(&holder, &down);
        let level = match of_entry {
            true => Level::Entries,
            false if self.reader.is_below_entry(&holder, &down) => Level::Below,
            false => Level::Itself,
        };
        let bound = match named.kind {
            SuspectKind::Timer if named.counts[1] <= self.evidence.waiting => Some(Bound::Fires),
            _ => {
                bound(self.evidence.series, cluster, (&anchors, level), self.evidence.sources, &self.scripts)
            }
        };
        let mut sites = self.sites(&anchors, of_entry);
        if let (Start::Internal(script), true) = (&holder.start, sites.grows_at.is_empty()) {
            let class = self.graph.location_of(cluster.lead.sample).map(|place| place.file);
            let scripts: Vec<String> = std::iter::once(script.clone()).chain(class).collect();
            sites.grows_at = self.finder().calls_into_node(&scripts);
        }
        let mut answerable =
            answerable(&self.reader, (&holder, &down), &path, self.evidence.sources, &self.scripts);
        let callback = match named.kind {
            SuspectKind::Timer if sites.grows_at.is_empty() => common_callback(self.graph, named.counts),
            _ => None,
        };
        let told_by_callback = callback.is_some();
        if let Some(callback) = callback {
            path = held_by_node(&named.name);
            answerable.name = None;
            sites.grows_at = vec![callback];
        }
        let (holder, package) = (answerable.name, answerable.package.or(sites.package.take()));
        let advice = self.advice(cluster, &named, &path, holder.as_deref(), package.as_ref());
        let created_at: Vec<Location> = sites.grows_at.iter().map(|site| location(site, self.cwd)).collect();
        let suspect = Suspect {
            id: suspect_id(named.kind, &path, created_at.first().filter(|_| told_by_callback)),
            kind: named.kind,
            growth: self.growth(cluster, &named),
            held_at: sites.held_at.as_ref().map(|site| location(site, self.cwd)),
            package: package.map(|package| Package { name: package.name, version: package.version }),
            routes: self.routes(cluster, &sites.grows_at, rates),
            confidence: confidence(cluster, &created_at),
            evidence: sentences(self.evidence.series, cluster, &named, rates, &self.held_too(cluster)),
            advice,
            // A plain object in a library's store is told by the store.
            name: answerable
                .class
                .filter(|class| !is_telling(&named.name) && is_telling(class))
                .unwrap_or(named.name),
            holder,
            retainer_path: path,
            created_at,
        };
        let classes = cluster.classes.iter().map(|class| class.class.clone()).collect();
        Some(HeapSuspect { suspect, classes, rootlike: cluster.rootlike, bound })
    }

    /// The paths of the others that hold what a cluster consists of, as far as they start in a file that people write.
    fn held_too(&self, cluster: &Cluster) -> Vec<String> {
        let others = cluster.sharing.iter().flat_map(|sharing| &sharing.too);
        let paths = others.map(|&other| holder_path(self.graph, &self.dominance, other, self.own_folder()));
        let named = paths.filter(|path| !self.is_nodes(path) && !self.is_own(path));
        named.map(|path| path_text(&self.reader.steps(&path, &[]))).take(MAX_TOO).collect()
    }

    fn advice(
        &self,
        cluster: &Cluster,
        named: &Named,
        path: &[Step],
        holder: Option<&str>,
        package: Option<&PackageOf>,
    ) -> String {
        let kind = match named.kind {
            // Functions in a collection are what is in a collection.
            SuspectKind::Closure if !cluster.chain => SuspectKind::Collection,
            kind => kind,
        };
        // Listeners are copied into a new array with each one that is added, as nothing else is.
        let is_copied = cluster.chain && path.last().is_some_and(is_array);
        match package {
            _ if kept_for_event(path).is_some() => advice(SuspectKind::Listener, &named.name, path, holder),
            _ if is_copied && self.takes_functions(cluster) => unregister("function", holder),
            Some(_) if kind == SuspectKind::Collection && self.takes_functions(cluster) => {
                unregister(&named.name, holder)
            }
            Some(package) if matches!(kind, SuspectKind::Collection | SuspectKind::String) => {
                bound_in(&package.name, holder)
            }
            _ => advice(named.kind, &named.name, path, holder),
        }
    }

    /// Does each of them keep a function of the application's, near by or inside an object that a library made for it?
    fn takes_functions(&self, cluster: &Cluster) -> bool {
        let is_wrapped = self.made_in(cluster.lead.sample).is_some_and(|file| !is_of_application(&file));
        let mut near = vec![cluster.lead.sample];
        for _ in 0..=if is_wrapped { 6 } else { 1 } {
            let mut functions = near.iter().filter(|&&node| self.graph.node_type(node) == NodeType::Closure);
            if functions.any(|&function| self.made_in(function).is_some_and(|file| is_of_application(&file)))
            {
                return true;
            }
            near = near.iter().flat_map(|&node| self.graph.dominated(node)).take(MAX_NEAR).collect();
        }
        false
    }

    /// The file of a function, or of an object's class.
    fn made_in(&self, object: NodeIndex) -> Option<PathBuf> {
        self.graph.location_of(object).and_then(|place| path_of_script(&place.file))
    }

    fn own_folder(&self) -> Option<&Path> {
        self.evidence.run.own_folder.as_deref().map(Path::new)
    }

    fn is_own(&self, holder: &HolderPath) -> bool {
        let anchors = self.reader.anchors(holder, &[], false);
        self.own_folder().is_some_and(|own| anchors.iter().any(|anchor| anchor.file().starts_with(own)))
    }

    /// Has nothing on the way to it a place in a file that people write?
    fn is_nodes(&self, holder: &HolderPath) -> bool {
        let is_anyones = |anchor: &Anchor| matches!(anchor, Anchor::Global { .. });
        let anchors = self.reader.anchors(holder, &[], false);
        !matches!(holder.start, Start::Global(_)) && anchors.iter().all(is_anyones)
    }

    /// Do the application's objects lead there through one of leakwatch's, as an emitter does to what follows it?
    fn passes_own(&self, holder: &HolderPath, down: &[EdgeIndex]) -> bool {
        let sources = holder.edges.iter().chain(down).map(|&edge| self.graph.edge_source(edge));
        self.own_folder().is_some_and(|own| sources.into_iter().any(|node| self.is_made_in(own, node)))
    }

    fn is_made_in(&self, folder: &Path, object: NodeIndex) -> bool {
        self.made_in(object).is_some_and(|file| file.starts_with(folder))
    }

    /// What leakwatch hangs on the application's requests to know their routes is not what leaks.
    fn without_own_classes(&self, cluster: &Cluster) -> Cluster {
        let mut cluster = cluster.clone();
        if let Some(own) = self.own_folder() {
            cluster.classes.retain(|class| !self.is_made_in(own, class.sample));
        }
        cluster
    }

    /// An object of the named class; the lead's when the name is the holder's or a kind.
    fn sample(&self, cluster: &Cluster, named: &Named) -> NodeIndex {
        let class = cluster.classes.iter().find(|class| class.class == named.name);
        class.map_or(cluster.lead.sample, |class| class.sample)
    }

    fn sites(&mut self, anchors: &[Anchor], of_entry: bool) -> Sites {
        if anchors.is_empty() {
            return Sites::default();
        }
        self.finder().find(anchors, of_entry)
    }

    fn finder(&mut self) -> SiteFinder<'_> {
        SiteFinder::new(self.evidence.sources, self.evidence.profile, &self.scripts)
    }

    fn routes(&mut self, cluster: &Cluster, grows_at: &[Site], rates: &[RouteRate]) -> Vec<String> {
        let HeapEvidence { run, series, profile, ref mut sources, .. } = self.evidence;
        ClusterRoutes { run, series, profile, index: &self.routes, sources }.of(cluster, grows_at, rates)
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
}

/// In whose lists a timer stands first says nothing.
fn held_by_node(timer: &str) -> Vec<Step> {
    let step = |name: &str| Step { kind: StepKind::Internal, name: name.to_owned(), constructor: None };
    vec![step("node:timers"), step(timer)]
}

fn is_array(step: &Step) -> bool {
    step.constructor.as_deref() == Some("Array")
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
