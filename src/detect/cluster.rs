//! A growth cluster: what accumulates below one owner, class by class.

use std::collections::{BTreeMap, HashMap};

use crate::heap::{HeapGraph, NodeIndex, NodeType};

/// Objects that accumulate below one owner.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// The nearest object above that was there from the start, in the last snapshot. A synthetic node when
    /// the objects are held from several sides.
    pub owner: NodeIndex,
    /// True when `owner` is no real object, because the objects are held from several sides.
    pub rootlike: bool,
    /// The outermost class that recurs.
    pub lead: Recurring,
    /// All classes that recur, outermost first.
    pub classes: Vec<Recurring>,
    /// Bytes of new objects and what they own, by interval.
    pub bytes: [u64; 2],
    /// True when the members hold one another in a chain, so that the owner holds only the first.
    pub chain: bool,
    /// Set when others hold the members, too, so that the owner does not dominate them.
    pub sharing: Option<Sharing>,
    /// What the owner retained in each snapshot, in bytes; `None` when it is no real object.
    pub retained: Option<[u64; 3]>,
    /// Entries of the owner in each snapshot, when that they grow is all that is known.
    pub entries: Option<[u64; 3]>,
}

/// Who holds what the owner of a cluster does not hold alone.
#[derive(Clone, Debug)]
pub struct Sharing {
    /// Objects it takes from the owner to one of the lead's, itself included.
    pub hops: u32,
    /// The others that hold them.
    pub too: Vec<NodeIndex>,
}

/// A class of which about as many objects stayed in each interval.
#[derive(Clone, Debug)]
pub struct Recurring {
    /// As DevTools names it.
    pub class: String,
    /// What its objects are.
    pub node_type: NodeType,
    /// How many stayed, by interval.
    pub counts: [u64; 2],
    /// How many of those the owner holds directly, by interval.
    pub tops: [u64; 2],
    /// Objects between the owner and those that are one for each thing that leaks.
    pub depth: u32,
    /// Self size of all of them, in bytes.
    pub bytes: u64,
    /// One of those at that depth, made in the second interval where possible.
    pub sample: NodeIndex,
}

/// Counts objects by class.
#[derive(Default)]
pub struct ClassTally(HashMap<String, Counted>);

/// A class and at which depths its objects are.
struct Counted {
    class: Recurring,
    levels: BTreeMap<u32, Level>,
}

/// Objects of one class at one depth.
struct Level {
    count: u64,
    sample: NodeIndex,
}

/// Deeper levels are links of a chain, which the outermost one stands for.
const MAX_LEVELS: usize = 32;

/// So many at one depth are what piles up there, not what is made anew around it.
const FEW: u64 = 4;

/// How an object is counted.
#[derive(Clone, Copy)]
pub struct Tally {
    /// The interval in which it was made: 0 or 1.
    pub interval: usize,
    /// Objects between the owner and it.
    pub depth: u32,
    /// True when the owner holds it directly.
    pub is_top: bool,
}

impl ClassTally {
    /// Counts one object.
    pub fn add(&mut self, graph: &HeapGraph, node: NodeIndex, Tally { interval, depth, is_top }: Tally) {
        let class = class_of(graph, node);
        let counted = self.0.entry(class).or_insert_with_key(|class| Counted {
            class: Recurring {
                class: class.clone(),
                node_type: graph.node_type(node),
                counts: [0; 2],
                tops: [0; 2],
                depth,
                bytes: 0,
                sample: node,
            },
            levels: BTreeMap::new(),
        });
        counted.class.counts[interval] += 1;
        counted.class.tops[interval] += u64::from(is_top);
        counted.class.bytes += graph.self_size(node);
        counted.place(depth, node, interval);
    }

    /// The classes that `keep` keeps: outermost first, then what has more bytes; text after what it is the text of.
    pub fn sorted(self, keep: impl FnMut(&Recurring) -> bool) -> Vec<Recurring> {
        let mut keep = keep;
        let things = self.0.values().map(|counted| counted.class.tops.iter().sum()).max().unwrap_or(0);
        let settled = self.0.into_values().map(|counted| counted.settled(things));
        let mut classes: Vec<Recurring> = settled.filter(|class| keep(class)).collect();
        classes.sort_by(|a, b| {
            (a.depth, is_text(a), b.bytes, &a.class).cmp(&(b.depth, is_text(b), a.bytes, &b.class))
        });
        classes
    }
}

impl Counted {
    fn place(&mut self, depth: u32, node: NodeIndex, interval: usize) {
        let level = self.levels.entry(depth).or_insert(Level { count: 0, sample: node });
        level.count += 1;
        if interval == 1 {
            level.sample = node;
        }
        if self.levels.len() > MAX_LEVELS {
            self.levels.pop_last();
        }
    }

    /// The class at the outermost depth where it has about one object for each of `things`. One that is nearer by
    /// another way, as the socket that several requests share, says nothing of the others; nor does what is made
    /// anew around them each time, as a state that never changes.
    fn settled(self, things: u64) -> Recurring {
        let mut class = self.class;
        let most = self.levels.values().map(|level| level.count).max().unwrap_or(0);
        let enough = things.div_ceil(2).max(most.min(FEW));
        let one_each = self.levels.iter().find(|(_, level)| level.count >= enough);
        let settled = one_each.or_else(|| self.levels.iter().max_by_key(|(_, level)| level.count));
        if let Some((&depth, level)) = settled {
            (class.depth, class.sample) = (depth, level.sample);
        }
        class
    }
}

/// Backing stores, hidden classes, numbers: parts of an object, not objects of their own to a person.
pub(super) fn is_storage(graph: &HeapGraph, node: NodeIndex) -> bool {
    match graph.node_type(node) {
        NodeType::Object
        | NodeType::Closure
        | NodeType::String
        | NodeType::ConsString
        | NodeType::SlicedString
        | NodeType::RegExp
        | NodeType::WasmObject => false,
        NodeType::Hidden => !graph.name(node).ends_with("Reaction"),
        _ => true,
    }
}

/// The constructor of an object, the name of a function, the kind of anything else. All plain objects are one
/// class here: what one request leaves behind may have other properties than what the next one does.
pub fn class_of(graph: &HeapGraph, node: NodeIndex) -> String {
    match graph.node_type(node) {
        NodeType::Object | NodeType::Native | NodeType::Hidden => graph.name(node).into_owned(),
        NodeType::Closure => format!("{}()", graph.name(node)),
        NodeType::String | NodeType::ConsString | NodeType::SlicedString => "string".to_owned(),
        other => format!("({other})"),
    }
}

/// No single object a person could name: the roots, and what stands for the embedder.
pub(super) fn is_rootlike(graph: &HeapGraph, node: NodeIndex) -> bool {
    node == graph.root() || graph.node_type(node) == NodeType::Synthetic
}

pub(super) fn is_text(class: &Recurring) -> bool {
    matches!(class.node_type, NodeType::String | NodeType::ConsString | NodeType::SlicedString)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A class with so many objects at each depth.
    fn counted(levels: &[(u32, u64)]) -> Counted {
        let sample = NodeIndex(0);
        let class = Recurring {
            class: "Part".into(),
            node_type: NodeType::Object,
            counts: [0; 2],
            tops: [0; 2],
            depth: levels[0].0,
            bytes: 0,
            sample,
        };
        let mut counted = Counted { class, levels: BTreeMap::new() };
        for &(depth, count) in levels {
            (0..count).for_each(|_| counted.place(depth, sample, 1));
        }
        counted
    }

    #[test]
    fn a_class_is_as_deep_as_where_each_thing_has_one() {
        // Eight sockets are near by another way; every request has a part of its own two further down.
        assert_eq!(counted(&[(2, 8), (4, 70)]).settled(72).depth, 4);
        // Each thing is a plain object, with forty more inside.
        assert_eq!(counted(&[(1, 72), (3, 2880)]).settled(72).depth, 1);
        // A chain: the owner holds the first of them.
        let links: Vec<(u32, u64)> = (1..100).map(|depth| (depth, 1)).collect();
        assert_eq!(counted(&links).settled(1).depth, 1);
        // A state that is replaced whole, and the actions in its history.
        assert_eq!(counted(&[(1, 1), (2, 2), (3, 70), (4, 140)]).settled(1).depth, 3);
    }
}
