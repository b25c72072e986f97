//! What a cluster is called and what kind of leak it is: by the classes it is made of, never by whose they are.

use super::cluster::{Cluster, Recurring};
use super::dominance::Dominance;
use super::holder::path_down;
use crate::heap::{HeapGraph, NodeIndex, NodeType};
use crate::report::SuspectKind;

/// Classes that say how something is stored or passed on, not what it is.
const GENERIC: [&str; 15] = [
    "Object",
    "Array",
    "Map",
    "Set",
    "WeakMap",
    "WeakRef",
    "Promise",
    "Function",
    "Arguments",
    "Date",
    "RegExp",
    "Generator",
    "AsyncContextFrame",
    // The marker of a request's context is leakwatch's own.
    "LeakWatchRequest",
    "string",
];

/// A name and a kind for what leaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The class a person knows: its own constructor rather than `Object`.
    pub name: String,
    /// The kind.
    pub kind: SuspectKind,
    /// How many stayed in each interval.
    pub counts: [u64; 2],
}

/// Names a cluster.
pub fn name(cluster: &Cluster, graph: &HeapGraph, dominance: &Dominance) -> Named {
    let ways = Ways { graph, dominance, owner: cluster.owner };
    let known = best_known(cluster, &ways);
    let named = known.unwrap_or(&cluster.lead);
    let units = if known.is_some() { named.counts } else { plain_units(cluster) };
    let kind = kind_of(cluster, named, &ways);
    Named { name: display_name(named, kind, cluster), kind, counts: units }
}

/// The ways from a cluster's owner to what it consists of.
struct Ways<'a> {
    graph: &'a HeapGraph,
    dominance: &'a Dominance,
    owner: NodeIndex,
}

impl Ways<'_> {
    /// How many edges it takes to a sample of a class. `None` for what came with a script context (`vm.createContext`),
    /// which brings all of the language's own classes: none of them is what leaks.
    fn to(&self, class: &Recurring) -> Option<usize> {
        let edges = path_down(self.graph, self.dominance, self.owner, class.sample);
        let with_context = edges
            .iter()
            .any(|&edge| self.graph.name(self.graph.edge_source(edge)) == "system / NativeContext");
        (!with_context).then_some(edges.len())
    }
}

/// The outermost class with a constructor of its own, about one of which stays for each thing that leaks. Of classes
/// equally far out the one with the shortest way to it: a request rather than the response it refers to. Beside
/// others, an error tells no more than that something failed.
fn best_known<'a>(cluster: &'a Cluster, ways: &Ways) -> Option<&'a Recurring> {
    let units = plain_units(cluster);
    let once_each = |class: &&Recurring| class.counts[1] * 2 >= units[1] && class.counts[1] <= units[1] * 3;
    let mut known = cluster.classes.iter().filter(|class| is_known(class)).filter(once_each).peekable();
    let outermost = known.peek()?.depth;
    let equals = known.take_while(|class| class.depth == outermost);
    let (_, class) = equals
        .filter_map(|class| Some((ways.to(class)?, class)))
        .min_by_key(|(way, class)| (class.class == "Error", *way))?;
    Some(class)
}

fn is_known(class: &Recurring) -> bool {
    class.node_type == NodeType::Object && is_telling(&class.class)
}

/// Does the name of a class say what it is? What a minifier makes of one does not.
pub fn is_telling(name: &str) -> bool {
    let is_minified = name.len() <= 2 && !name.starts_with(|first: char| first.is_ascii_uppercase());
    !is_minified && !GENERIC.contains(&name) && !name.starts_with("system / ")
}

/// How many things leaked, when no class of their own tells: the objects the owner holds directly, or the
/// class there is least of when they hold one another.
fn plain_units(cluster: &Cluster) -> [u64; 2] {
    if !cluster.chain {
        return cluster.lead.tops;
    }
    let least = cluster.classes.iter().min_by_key(|class| class.counts[0] + class.counts[1]);
    least.map_or(cluster.lead.counts, |class| class.counts)
}

fn kind_of(cluster: &Cluster, named: &Recurring, ways: &Ways) -> SuspectKind {
    let objects: u64 = cluster.classes.iter().map(|class| class.bytes).sum();
    let total = cluster.bytes[0] + cluster.bytes[1];
    let buffers = cluster.classes.iter().find(|class| class.class == "ArrayBuffer");
    if buffers.is_some_and(|buffers| objects * 2 < total && ways.to(buffers).is_some()) {
        return SuspectKind::Buffer;
    }
    match named.class.as_str() {
        "Timeout" | "Immediate" => SuspectKind::Timer,
        "Listener" => SuspectKind::Listener,
        "IncomingMessage" | "ServerResponse" | "Http2ServerRequest" | "Http2ServerResponse" => {
            SuspectKind::Request
        }
        "Socket" | "TLSSocket" | "ClientRequest" => SuspectKind::Socket,
        "Worker" | "MessagePort" => SuspectKind::Worker,
        "FSWatcher" | "FSEvent" | "StatWatcher" | "ChildProcess" | "Server" => SuspectKind::Handle,
        "ReadStream" | "WriteStream" | "FileHandle" => SuspectKind::File,
        "string" => SuspectKind::String,
        class if class.ends_with("Reaction") => SuspectKind::Promise,
        _ if ways.graph.node_type(cluster.lead.sample) == NodeType::Closure
            || closure_chain(cluster).is_some() =>
        {
            SuspectKind::Closure
        }
        _ if cluster.chain => SuspectKind::Object,
        _ => SuspectKind::Collection,
    }
}

fn has(cluster: &Cluster, class: &str) -> bool {
    cluster.classes.iter().any(|recurring| recurring.class == class)
}

/// The function through whose context each thing holds the one before it, if that is how the chain hangs together.
fn closure_chain(cluster: &Cluster) -> Option<&str> {
    let shallow = cluster.lead.depth + 1;
    let function = cluster
        .classes
        .iter()
        .find(|class| class.node_type == NodeType::Closure && class.depth <= shallow)?;
    let through_context = cluster.chain && has(cluster, "system / Context");
    through_context.then(|| function.class.trim_end_matches("()")).filter(|name| !name.is_empty())
}

fn display_name(named: &Recurring, kind: SuspectKind, cluster: &Cluster) -> String {
    match kind {
        SuspectKind::Buffer if has(cluster, "Buffer") => "Buffer".to_owned(),
        SuspectKind::Buffer if !is_known(named) => "ArrayBuffer".to_owned(),
        SuspectKind::Closure if cluster.chain && !is_known(named) => {
            closure_chain(cluster).unwrap_or("closure").to_owned()
        }
        _ if matches!(named.class.as_str(), "()" | "native_bind()") => "closure".to_owned(),
        _ if named.class == "(regexp)" => "RegExp".to_owned(),
        _ => named.class.trim_start_matches("system / ").trim_end_matches("()").to_owned(),
    }
}
