//! Groups plain objects by their properties, as DevTools does: `{id, user}` instead of `Object`.
//!
//! Each plain object proposes an interface: its properties in order, cut when the name gets long. Proposals made by
//! at least two objects, and one in a thousand, become interfaces. An object then belongs to the interface with the
//! most properties among those whose properties it all has; of equals, to the most often proposed one.

use std::collections::HashMap;

use super::snapshot::Snapshot;
use super::types::{EdgeKind, NodeType};

/// Length of a name, in UTF-16 units, beyond which no property is added.
const MAX_NAME_LENGTH: usize = 120;
const MIN_OBJECTS: usize = 2;
/// An interface must cover one object in this many.
const MAX_OBJECTS_PER_INTERFACE: usize = 1000;

/// Which plain objects belong to which interface.
pub(super) struct PlainObjects {
    /// Each interface's name.
    pub names: Vec<String>,
    /// Nodes that fit an interface, ascending, each with its index in `names`.
    pub members: Vec<(u32, u32)>,
}

/// Infers the interfaces of a snapshot and assigns its plain objects to them.
pub(super) fn classify(snapshot: &Snapshot) -> PlainObjects {
    let objects: Vec<u32> = plain_objects(snapshot);
    let interfaces = infer(snapshot, &objects);
    let matcher = Matcher::new(&interfaces);
    let mut memo: HashMap<Vec<u32>, Option<u32>> = HashMap::new();
    let mut members = Vec::new();
    for node in objects {
        let properties = matcher.known_properties(properties(snapshot, node));
        let found = match memo.get(&properties) {
            Some(&found) => found,
            None => {
                let found = matcher.best(&properties);
                memo.insert(properties, found);
                found
            }
        };
        if let Some(interface) = found {
            members.push((node, interface));
        }
    }
    PlainObjects { names: interfaces.into_iter().map(|interface| interface.name).collect(), members }
}

struct Interface {
    name: String,
    /// String indices.
    properties: Vec<u32>,
    count: usize,
}

fn plain_objects(snapshot: &Snapshot) -> Vec<u32> {
    let nodes = &snapshot.nodes;
    let mut is_plain = HashMap::new();
    (0..nodes.len())
        .filter(|&node| {
            nodes.kind(node) == NodeType::Object
                && *is_plain
                    .entry(nodes.names[node])
                    .or_insert_with_key(|&name| snapshot.raw_string(name) == b"Object")
        })
        .map(|node| node as u32)
        .collect()
}

fn properties(snapshot: &Snapshot, node: u32) -> impl Iterator<Item = u32> {
    let edges = &snapshot.edges;
    let of_node = snapshot.nodes.edges(node as usize);
    of_node.filter(|&edge| edges.kind(edge) == EdgeKind::Property).map(|edge| edges.names[edge])
}

/// The interfaces, most often proposed first; of equals, first seen first.
fn infer(snapshot: &Snapshot, objects: &[u32]) -> Vec<Interface> {
    let mut formatted = FormattedNames { snapshot, names: HashMap::new() };
    let mut index_of: HashMap<Vec<u32>, usize> = HashMap::new();
    let mut candidates: Vec<Interface> = Vec::new();
    for &node in objects {
        let proposed = formatted.proposal(properties(snapshot, node));
        if proposed.is_empty() {
            continue;
        }
        match index_of.get(&proposed) {
            Some(&index) => candidates[index].count += 1,
            None => {
                index_of.insert(proposed.clone(), candidates.len());
                candidates.push(Interface { name: String::new(), properties: proposed, count: 1 });
            }
        }
    }
    candidates.sort_by_key(|candidate| std::cmp::Reverse(candidate.count));
    let enough = |count: usize| count >= MIN_OBJECTS && count * MAX_OBJECTS_PER_INTERFACE >= objects.len();
    candidates.truncate(candidates.iter().take_while(|candidate| enough(candidate.count)).count());
    for candidate in &mut candidates {
        candidate.name = formatted.interface_name(&candidate.properties);
    }
    candidates
}

struct FormattedNames<'a> {
    snapshot: &'a Snapshot,
    /// By string: the length in UTF-16 units, or `None` for `__proto__`.
    names: HashMap<u32, Option<usize>>,
}

impl FormattedNames<'_> {
    /// The properties an object proposes as an interface.
    fn proposal(&mut self, properties: impl Iterator<Item = u32>) -> Vec<u32> {
        let mut proposed = Vec::new();
        let mut length = 1;
        for property in properties {
            let Some(name_length) = self.length(property) else { continue };
            if length > 1 && length + name_length > MAX_NAME_LENGTH {
                break;
            }
            length += name_length + if proposed.is_empty() { 0 } else { 2 };
            proposed.push(property);
        }
        proposed
    }

    fn length(&mut self, property: u32) -> Option<usize> {
        let snapshot = self.snapshot;
        *self.names.entry(property).or_insert_with(|| match &*snapshot.string(property) {
            "__proto__" => None,
            name => Some(format_property(name).encode_utf16().count()),
        })
    }

    fn interface_name(&self, properties: &[u32]) -> String {
        let names: Vec<String> =
            properties.iter().map(|&name| format_property(&self.snapshot.string(name))).collect();
        format!("{{{}}}", names.join(", "))
    }
}

/// Quotes a property's name when it contains what an interface's name is made of.
fn format_property(name: &str) -> String {
    if name.contains([',', '\'', '"', '{', '}']) {
        serde_json::Value::from(name).to_string()
    } else {
        name.to_owned()
    }
}

/// Finds the interface for a set of properties: a tree with one level per property, in ascending order.
struct Matcher {
    /// Rank of each property any interface has.
    ranks: HashMap<u32, u32>,
    /// `(state, rank)` to the next state.
    next: HashMap<(u32, u32), u32>,
    /// By state: the interface that ends there and its number of properties.
    found: Vec<Option<(usize, u32)>>,
    /// By state: the greatest rank that leads on, or `None`.
    greatest: Vec<Option<u32>>,
}

impl Matcher {
    fn new(interfaces: &[Interface]) -> Self {
        let mut matcher =
            Self { ranks: HashMap::new(), next: HashMap::new(), found: vec![None], greatest: vec![None] };
        for (index, interface) in interfaces.iter().enumerate() {
            let mut ranks: Vec<u32> =
                interface.properties.iter().map(|&property| matcher.rank(property)).collect();
            ranks.sort_unstable();
            matcher.insert(index as u32, &ranks);
        }
        matcher
    }

    fn rank(&mut self, property: u32) -> u32 {
        let next = self.ranks.len() as u32;
        *self.ranks.entry(property).or_insert(next)
    }

    fn insert(&mut self, interface: u32, ranks: &[u32]) {
        let mut state = 0;
        for &rank in ranks {
            let fresh = self.found.len() as u32;
            let next = *self.next.entry((state, rank)).or_insert(fresh);
            if next == fresh {
                self.found.push(None);
                self.greatest.push(None);
            }
            let greatest = &mut self.greatest[state as usize];
            *greatest = Some(greatest.map_or(rank, |known| known.max(rank)));
            state = next;
        }
        self.found[state as usize].get_or_insert((ranks.len(), interface));
    }

    /// The ranks of the properties that occur in interfaces, ascending.
    fn known_properties(&self, properties: impl Iterator<Item = u32>) -> Vec<u32> {
        let mut ranks: Vec<u32> =
            properties.filter_map(|property| self.ranks.get(&property).copied()).collect();
        ranks.sort_unstable();
        ranks
    }

    /// The interface with the most properties among those contained in `ranks`; of equals, the first.
    fn best(&self, ranks: &[u32]) -> Option<u32> {
        let mut best: Option<(usize, u32)> = None;
        let mut states = vec![0u32];
        for &rank in ranks {
            let known = states.len();
            for at in 0..known {
                let Some(&next) = self.next.get(&(states[at], rank)) else { continue };
                if states.contains(&next) {
                    continue;
                }
                states.push(next);
                if let Some((count, interface)) = self.found[next as usize] {
                    let better =
                        best.is_none_or(|(most, first)| count > most || count == most && interface < first);
                    if better {
                        best = Some((count, interface));
                    }
                }
            }
            states.retain(|&state| self.greatest[state as usize].is_some_and(|greatest| rank <= greatest));
        }
        best.map(|(_, interface)| interface)
    }
}
