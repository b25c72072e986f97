//! Groups plain objects by their properties, as DevTools does: `{id, user}` instead of `Object`.
//!
//! Each plain object proposes an interface: its properties in order, cut when the name gets long. Proposals made by
//! at least two objects, and one in a thousand, become interfaces. An object then belongs to the interface with the
//! most properties among those whose properties it all has; of equals, to the most often proposed one.

use foldhash::{HashMap, HashMapExt};

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
    let matcher = Matcher::new(&interfaces, snapshot.strings.len());
    let mut memo: HashMap<Vec<u32>, Option<u32>> = HashMap::new();
    let mut members = Vec::new();
    let mut ranks = Vec::new();
    for node in objects {
        matcher.known_properties(properties(snapshot, node), &mut ranks);
        let found = match memo.get(&ranks) {
            Some(&found) => found,
            None => *memo.entry(ranks.clone()).or_insert(matcher.best(&ranks)),
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
    let mut is_plain: Vec<Option<bool>> = vec![None; snapshot.strings.len()];
    let mut named_object =
        |name: u32| *is_plain[name as usize].get_or_insert_with(|| snapshot.raw_string(name) == b"Object");
    let is_plain = |node: &u32| {
        nodes.kind(*node as usize) == NodeType::Object && named_object(nodes.names[*node as usize])
    };
    (0..nodes.len() as u32).filter(is_plain).collect()
}

fn properties(snapshot: &Snapshot, node: u32) -> impl Iterator<Item = u32> {
    let edges = &snapshot.edges;
    let of_node = snapshot.nodes.edges(node as usize);
    of_node.filter(|&edge| edges.kind(edge) == EdgeKind::Property).map(|edge| edges.names[edge])
}

/// The interfaces, most often proposed first; of equals, first seen first.
fn infer(snapshot: &Snapshot, objects: &[u32]) -> Vec<Interface> {
    let mut formatted = FormattedNames { snapshot, lengths: vec![UNKNOWN; snapshot.strings.len()] };
    let mut proposed = Vec::new();
    let mut index_of: HashMap<Vec<u32>, usize> = HashMap::new();
    let mut candidates: Vec<Interface> = Vec::new();
    for &node in objects {
        formatted.propose(properties(snapshot, node), &mut proposed);
        if proposed.is_empty() {
            continue;
        }
        match index_of.get(&proposed) {
            Some(&index) => candidates[index].count += 1,
            None => {
                index_of.insert(proposed.clone(), candidates.len());
                candidates.push(Interface { name: String::new(), properties: proposed.clone(), count: 1 });
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
    /// By string: the length as a property in UTF-16 units, at most [`LONG`]; or [`UNKNOWN`] or [`IGNORED`].
    lengths: Vec<u8>,
}

const UNKNOWN: u8 = 0;
/// `__proto__` says nothing about an object's interface.
const IGNORED: u8 = u8::MAX;
/// Longer names end a proposal just as well.
const LONG: u8 = IGNORED - 1;

impl FormattedNames<'_> {
    /// The properties an object proposes as an interface.
    fn propose(&mut self, properties: impl Iterator<Item = u32>, proposed: &mut Vec<u32>) {
        proposed.clear();
        let mut length = 1;
        for property in properties {
            let name_length = match self.length(property) {
                IGNORED => continue,
                name_length => usize::from(name_length),
            };
            if length > 1 && length + name_length > MAX_NAME_LENGTH {
                break;
            }
            length += name_length + if proposed.is_empty() { 0 } else { 2 };
            proposed.push(property);
        }
    }

    fn length(&mut self, property: u32) -> u8 {
        let known = &mut self.lengths[property as usize];
        if *known == UNKNOWN {
            *known = match &*self.snapshot.string(property) {
                "__proto__" => IGNORED,
                // The empty name cannot be told from an unknown one; it is looked at again each time.
                name => format_property(name).encode_utf16().count().min(LONG.into()) as u8,
            };
        }
        *known
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

const NO_RANK: u32 = u32::MAX;

/// Finds the interface for a set of properties: a tree with one level per property, in ascending order.
struct Matcher {
    /// By string: the rank of a property some interface has, or [`NO_RANK`].
    ranks: Vec<u32>,
    rank_count: u32,
    /// `(state, rank)` to the next state.
    next: HashMap<(u32, u32), u32>,
    /// By state: the interface that ends there and its number of properties.
    found: Vec<Option<(usize, u32)>>,
    /// By state: the greatest rank that leads on, or `None`.
    greatest: Vec<Option<u32>>,
}

impl Matcher {
    fn new(interfaces: &[Interface], strings: usize) -> Self {
        let ranks = vec![NO_RANK; strings];
        let mut matcher =
            Self { ranks, rank_count: 0, next: HashMap::new(), found: vec![None], greatest: vec![None] };
        for (index, interface) in interfaces.iter().enumerate() {
            let mut ranks: Vec<u32> =
                interface.properties.iter().map(|&property| matcher.rank(property)).collect();
            ranks.sort_unstable();
            matcher.insert(index as u32, &ranks);
        }
        matcher
    }

    fn rank(&mut self, property: u32) -> u32 {
        let rank = &mut self.ranks[property as usize];
        if *rank == NO_RANK {
            *rank = self.rank_count;
            self.rank_count += 1;
        }
        *rank
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
    fn known_properties(&self, properties: impl Iterator<Item = u32>, ranks: &mut Vec<u32>) {
        ranks.clear();
        ranks
            .extend(properties.map(|property| self.ranks[property as usize]).filter(|&rank| rank != NO_RANK));
        ranks.sort_unstable();
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
