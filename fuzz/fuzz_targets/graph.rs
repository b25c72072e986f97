//! Small snapshots that are well formed, with any graph inside: dominators, retained sizes and classes against their
//! definitions.
#![no_main]

use leakwatch::heap::{HeapGraph, NodeIndex};
use leakwatch_fuzz::{analyse, model::Model, questions, streamed};

libfuzzer_sys::fuzz_target!(|model: Model| {
    let text = model.text();
    let graph = analyse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let streamed = streamed(text.as_bytes()).unwrap_or_else(|error| panic!("as a stream: {error}\n{text}"));
    assert!(questions(&streamed) == questions(&graph), "a stream gives the same answers as a file\n{text}");
    let count = graph.node_count();
    let starts = starts(&graph);
    let reached = reach(&graph, &starts, None);
    let without: Vec<Vec<bool>> = (0..count).map(|node| reach(&graph, &starts, Some(node))).collect();
    let size = |node: usize| graph.self_size(NodeIndex(node as u32));
    for node in 0..count {
        let freed = |other: &usize| if node == 0 { true } else { reached[*other] && !without[node][*other] };
        let index = NodeIndex(node as u32);
        if reached[node] {
            let expected: u64 = (0..count).filter(freed).map(size).sum();
            assert_eq!(graph.retained_size(index), expected, "what node {node} retains\n{text}");
        }
        if node > 0 {
            let dominates = |other: &usize| *other != node && reached[*other] && !without[*other][node];
            // The nearest dominator is the one that all the others dominate too; out of reach it is the root.
            let dominators: Vec<usize> = (1..count).filter(|_| reached[node]).filter(dominates).collect();
            let nearest = |near: &usize| dominators.iter().all(|&far| far == *near || !without[far][*near]);
            let expected = dominators.iter().copied().find(nearest).unwrap_or(0);
            let found = graph.dominator(index).map(|dominator| dominator.0 as usize);
            assert_eq!(found, Some(expected), "the dominator of node {node}\n{text}");
        }
    }
    assert_classes(&graph, &text);
});

/// Each class retains what those of its nodes retain that no other of them dominates.
fn assert_classes(graph: &HeapGraph, text: &str) {
    for class in graph.class_histogram() {
        let belongs = |node: NodeIndex| graph.class_of(node) == class.class && graph.self_size(node) > 0;
        let outermost = |node: &NodeIndex| {
            std::iter::successors(graph.dominator(*node), |&above| graph.dominator(above))
                .all(|above| !belongs(above))
        };
        let nodes: Vec<NodeIndex> = graph.nodes().filter(|&node| belongs(node)).collect();
        let retained: u64 =
            nodes.iter().filter(|node| outermost(node)).map(|&node| graph.retained_size(node)).sum();
        assert_eq!((class.count, class.retained_bytes), (nodes.len() as u64, retained), "{class:?}\n{text}");
    }
}

/// Where reaching begins: the root and what has no essential retainer.
fn starts(graph: &HeapGraph) -> Vec<usize> {
    let mut retained = vec![false; graph.node_count()];
    for edge in graph.nodes().flat_map(|node| graph.edges(node)).filter(|&edge| graph.is_essential(edge)) {
        retained[graph.edge_target(edge).0 as usize] = true;
    }
    (0..graph.node_count()).filter(|&node| node == 0 || !retained[node]).collect()
}

/// What essential edges lead to from `starts` without `removed`.
fn reach(graph: &HeapGraph, starts: &[usize], removed: Option<usize>) -> Vec<bool> {
    let mut seen = vec![false; graph.node_count()];
    let mut stack = Vec::new();
    let visit = |node: usize, seen: &mut Vec<bool>, stack: &mut Vec<usize>| {
        if Some(node) != removed && !std::mem::replace(&mut seen[node], true) {
            stack.push(node);
        }
    };
    starts.iter().for_each(|&start| visit(start, &mut seen, &mut stack));
    while let Some(node) = stack.pop() {
        for edge in graph.edges(NodeIndex(node as u32)).filter(|&edge| graph.is_essential(edge)) {
            visit(graph.edge_target(edge).0 as usize, &mut seen, &mut stack);
        }
    }
    seen
}
