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
    /// What the owner retained in each snapshot, in bytes; `None` when it is no real object.
    pub retained: Option<[u64; 3]>,
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
    /// Objects between the owner and most of them.
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
        let settled = self.0.into_values().map(Counted::settled);
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

    /// The class at the depth where most of its objects are: one that is nearer by another way, as the socket that
    /// several requests share, says nothing of the others. The outermost of several such depths.
    fn settled(self) -> Recurring {
        let mut class = self.class;
        let most = self.levels.iter().rev().max_by_key(|(_, level)| level.count);
        if let Some((&depth, level)) = most {
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

fn is_text(class: &Recurring) -> bool {
    matches!(class.node_type, NodeType::String | NodeType::ConsString | NodeType::SlicedString)
}
