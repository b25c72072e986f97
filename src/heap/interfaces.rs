//! Groups plain objects by their properties, as DevTools does: `{id, user}` instead of `Object`.
//!
//! Each plain object proposes an interface: its properties in order, cut when the name gets long. Proposals made by
//! at least two objects, and one in a thousand, become interfaces. An object then belongs to the interface with the
//! most properties among those whose properties it all has; of equals, to the most often proposed one.

use foldhash::{HashMap, HashMapExt};

use super::error::HeapError;
use super::matcher::{Matcher, Steps};
use super::snapshot::Snapshot;
use super::task::Task;
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
pub(super) fn classify(snapshot: &Snapshot, task: &Task) -> Result<PlainObjects, HeapError> {
    classify_within(snapshot, &mut Steps::of(snapshot.edges.targets.len()), task)
}

fn classify_within(snapshot: &Snapshot, steps: &mut Steps, task: &Task) -> Result<PlainObjects, HeapError> {
    let objects: Vec<u32> = plain_objects(snapshot);
    let interfaces = infer(snapshot, &objects);
    let wanted = interfaces.iter().map(|interface| interface.properties.as_slice());
    let matcher = Matcher::new(wanted, snapshot.strings.len());
    let mut memo: HashMap<Vec<u32>, Option<u32>> = HashMap::new();
    let mut members = Vec::new();
    let mut ranks = Vec::new();
    for (at, node) in objects.into_iter().enumerate() {
        task.check_at(at)?;
        matcher.known_properties(properties(snapshot, node), &mut ranks);
        let found = match memo.get(&ranks) {
            Some(&found) => found,
            None => *memo.entry(ranks.clone()).or_insert(matcher.best(&ranks, steps)),
        };
        if let Some(interface) = found {
            members.push((node, interface));
        }
    }
    Ok(PlainObjects { names: interfaces.into_iter().map(|interface| interface.name).collect(), members })
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

#[cfg(test)]
mod tests {
    use super::*;

    const SETS: usize = 700;

    /// Objects of the properties `a` to `t`, hundreds of interfaces of ten each, and then objects that each fit many of
    /// them in a way of their own.
    fn hostile(objects: usize) -> String {
        let mut sets: Vec<u32> =
            (0..1u32 << 20).filter(|set| set.count_ones() == 10).step_by(250).take(SETS).collect();
        sets.extend(sets.clone());
        sets.extend((0..objects as u32).map(|at| 0xf_ffff ^ at));
        let (mut nodes, mut edges) = (format!("0,0,1,0,{}", sets.len()), String::from("0,0,5"));
        for at in 1..sets.len() {
            edges.push_str(&format!(",1,{at},{}", (at + 1) * 5));
        }
        for (at, set) in sets.iter().enumerate() {
            nodes.push_str(&format!(",1,1,{},8,{}", at * 2 + 3, set.count_ones()));
            for property in (0..20).filter(|property| set >> property & 1 == 1) {
                edges.push_str(&format!(",0,{},0", property + 2));
            }
        }
        let names: Vec<String> = ('a'..='t').map(|name| format!("{name:?}").replace('\'', "\"")).collect();
        format!(
            concat!(
                r#"{{"snapshot":{{"meta":{{"node_fields":["type","name","id","self_size","edge_count"],"#,
                r#""node_types":[["synthetic","object"],"string","number","number","number"],"#,
                r#""edge_fields":["type","name_or_index","to_node"],"edge_types":[["property","element"],"string_or_number","node"]}},"#,
                r#""node_count":{},"edge_count":{}}},"nodes":[{}],"edges":[{}],"strings":["","Object",{}]}}"#
            ),
            sets.len() + 1,
            sets.len() + sets.iter().map(|set| set.count_ones() as usize).sum::<usize>(),
            nodes,
            edges,
            names.join(","),
        )
    }

    #[test]
    fn interfaces_made_to_overlap_end_with_the_steps_allowed() {
        let snapshot = Snapshot::from_bytes(hostile(500).into_bytes()).unwrap();
        let (mut steps, task) = (Steps::new(usize::MAX), Task::default());
        let all = classify_within(&snapshot, &mut steps, &task).unwrap();
        assert!(steps.taken() > 10 * snapshot.edges.targets.len(), "hostile: {}", steps.taken());
        let mut few = Steps::new(steps.taken() / 2);
        let part = classify_within(&snapshot, &mut few, &task).unwrap();
        assert!(few.taken() <= steps.taken() / 2);
        assert!(part.members.len() < all.members.len());
        assert!(part.members.iter().all(|member| all.members.contains(member)), "no other interface is told");
    }
}
