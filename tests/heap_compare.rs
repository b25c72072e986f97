//! Holders are matched by object id in snapshots of one process, and by signature otherwise.

mod heap_support;

use heap_support::{ELEMENT, Node, OBJECT, PROPERTY, SHORTCUT, SYNTHETIC, snapshot};
use leakwatch::heap::compare::{Growth, MatchedBy, SnapshotComparison};
use leakwatch::heap::{HeapGraph, Task};

/// More than any threshold.
const MUCH: u64 = 100_000;

/// Nodes of a heap, the root first; a node added later has a greater id.
struct Heap(Vec<Node>);

impl Heap {
    fn new() -> Self {
        let mut heap = Self(vec![Node { kind: SYNTHETIC, ..Node::default() }]);
        heap.0.push(node("global", 8));
        heap.0[0].edges.push((SHORTCUT, "global".to_owned(), 1));
        heap
    }

    fn add(&mut self, name: &'static str, size: u64) -> usize {
        self.0.push(node(name, size));
        self.0.len() - 1
    }

    fn hold(&mut self, from: usize, name: &str, to: usize) {
        self.0[from].edges.push((PROPERTY, name.to_owned(), to));
    }

    /// A new object held by `from`.
    fn put(&mut self, from: usize, edge: &str, name: &'static str, size: u64) -> usize {
        let to = self.add(name, size);
        self.hold(from, edge, to);
        to
    }

    fn fill(&mut self, holder: usize, count: usize) {
        for _ in 0..count {
            let entry = self.add("Entry", MUCH);
            self.0[holder].edges.push((ELEMENT, entry.to_string(), entry));
        }
    }

    fn graph(&self) -> HeapGraph {
        HeapGraph::from_bytes(snapshot(&self.0).into_bytes()).unwrap()
    }
}

const GLOBAL: usize = 1;

fn node(name: &'static str, size: u64) -> Node {
    Node { kind: OBJECT, name, size, edges: Vec::new() }
}

/// Three snapshots of a heap that `step` changes before each.
fn three(mut heap: Heap, mut step: impl FnMut(&mut Heap)) -> [HeapGraph; 3] {
    [(); 3].map(|()| {
        step(&mut heap);
        heap.graph()
    })
}

fn compared(graphs: &[HeapGraph]) -> SnapshotComparison {
    SnapshotComparison::of(&graphs.iter().collect::<Vec<_>>(), 20, &Task::default()).unwrap()
}

fn id(node: usize) -> u32 {
    node as u32 * 2 + 1
}

fn told(rows: &[Growth]) -> Vec<(u32, MatchedBy, &[u64])> {
    rows.iter().map(|row| (row.object_id, row.matched_by, &*row.bytes)).collect()
}

/// Stores in a dictionary, all of one signature; the greatest stays as it is.
fn many_stores(shift: usize) -> (Heap, usize) {
    let mut heap = Heap::new();
    // Objects that another process does not have.
    for _ in 0..shift {
        heap.put(GLOBAL, "other", "Other", 8);
    }
    let stores = heap.put(GLOBAL, "stores", "Stores", 8);
    let all: Vec<usize> = (0..70).map(|at| heap.put(stores, &format!("s{at}"), "Store", 8)).collect();
    heap.fill(all[3], 50);
    (heap, all[8])
}

#[test]
fn of_many_objects_at_one_place_the_id_says_which_grows() {
    let (heap, leaky) = many_stores(0);
    let graphs = three(heap, |heap| heap.fill(leaky, 4));
    let comparison = compared(&graphs);
    assert!(comparison.same_process);
    let grown = [8 + 4 * MUCH, 8 + 8 * MUCH, 8 + 12 * MUCH];
    assert_eq!(told(&comparison.growth), [(id(leaky), MatchedBy::Id, &grown[..])]);
    assert_eq!(comparison.growth[0].contents[0].counts, [4, 8, 12]);
}

#[test]
fn the_same_leak_has_one_id_by_signature_and_by_object_id() {
    let (heap, leaky) = many_stores(0);
    let [first, _, last] = three(heap, |heap| heap.fill(leaky, 4));
    let (mut elsewhere, leaky) = many_stores(31);
    elsewhere.fill(leaky, 12);
    let by_id = compared(&[first, last]);
    let graphs = [many_stores(0).0.graph(), elsewhere.graph()];
    let by_signature = compared(&graphs);
    assert!(by_id.same_process && !by_signature.same_process);
    assert_eq!(by_signature.growth[0].matched_by, MatchedBy::Signature);
    assert_eq!(by_signature.growth[0].id, by_id.growth[0].id);
}

#[test]
fn a_holder_stays_the_same_when_another_object_comes_to_refer_to_it() {
    let mut heap = Heap::new();
    let service = heap.put(GLOBAL, "service", "Service", 8);
    let list = heap.put(service, "list", "List", 8);
    let mut round = 0;
    let graphs = three(heap, |heap| {
        heap.fill(list, 4);
        round += 1;
        if round == 3 {
            let job = heap.put(GLOBAL, "job", "Job", 8);
            heap.hold(job, "uses", list);
        }
    });
    let comparison = compared(&graphs);
    let grown = [8 + 4 * MUCH, 8 + 8 * MUCH, 8 + 12 * MUCH];
    assert_eq!(told(&comparison.growth), [(id(list), MatchedBy::Id, &grown[..])]);
}

#[test]
fn rooms_that_grow_and_become_more_are_one_leak() {
    let mut heap = Heap::new();
    let rooms = heap.put(GLOBAL, "rooms", "Rooms", 8);
    let graphs = three(heap, |heap| {
        let known: Vec<usize> = heap.0[rooms].edges.iter().map(|&(_, _, room)| room).collect();
        known.into_iter().for_each(|room| heap.fill(room, 1));
        // More than names: a dictionary.
        for _ in 0..70 {
            let edge = format!("r{}", heap.0.len());
            let room = heap.put(rooms, &edge, "Room", 8);
            heap.fill(room, 1);
        }
    });
    let comparison = compared(&graphs);
    let [row] = &comparison.growth[..] else { panic!("one row: {:#?}", comparison.growth) };
    assert_eq!((row.object_id, row.matched_by), (id(rooms), MatchedBy::Id));
    assert_eq!(row.contents[0].counts, [70, 140, 210]);
}

#[test]
fn objects_of_one_signature_are_one_row_when_one_grows_much_and_all_a_little() {
    let (heap, leaky) = many_stores(0);
    let graphs = three(heap, |heap| {
        heap.fill(leaky, 4);
        for store in (leaky - 8..leaky + 62).filter(|&store| store != leaky) {
            let entry = heap.add("Entry", 1000);
            heap.0[store].edges.push((ELEMENT, entry.to_string(), entry));
        }
    });
    let rows = compared(&graphs).growth;
    let [row] = &rows[..] else { panic!("one row: {rows:#?}") };
    assert_eq!((row.object_id, row.matched_by), (id(leaky), MatchedBy::Signature));
    assert_eq!(row.bytes[2] - row.bytes[0], 8 * MUCH + 2 * 69 * 1000);
}

#[test]
fn what_is_replaced_each_time_is_matched_by_signature_and_told_as_one() {
    let mut heap = Heap::new();
    let state = heap.put(GLOBAL, "state", "State", 8);
    let mut count = 0;
    let graphs = three(heap, |heap| {
        heap.0[state].edges.clear();
        // What is garbage by now.
        heap.0[state + 1..].iter_mut().for_each(|node| node.size = 0);
        let list = heap.put(state, "list", "List", 8);
        count += 4;
        heap.fill(list, count);
    });
    let comparison = compared(&graphs);
    assert!(comparison.same_process);
    let [row] = &comparison.growth[..] else { panic!("one row: {:#?}", comparison.growth) };
    assert_eq!((&*row.class_name, row.matched_by), ("List", MatchedBy::Signature));
    assert_eq!(row.contents[0].counts, [4, 8, 12]);
}
