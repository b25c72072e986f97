//! Dominators and retained sizes against their definition: a node retains what cannot be reached without it.

mod heap_support;

use heap_support::{INTERNAL, Node, OBJECT, PROPERTY, Random, SHORTCUT, SYNTHETIC, WEAK, snapshot};
use leakwatch::heap::{HeapGraph, NodeIndex};

/// Nodes that can be reached from the root without `removed`, by edges that are not weak.
fn reachable(nodes: &[Node], removed: Option<usize>) -> Vec<bool> {
    let mut seen = vec![false; nodes.len()];
    let mut stack = vec![0];
    seen[0] = true;
    while let Some(node) = stack.pop() {
        for &(kind, _, target) in &nodes[node].edges {
            if kind != WEAK && Some(target) != removed && !seen[target] {
                seen[target] = true;
                stack.push(target);
            }
        }
    }
    seen
}

/// A random graph: a root with shortcuts to a few objects, and edges between any two nodes.
fn random_graph(random: &mut Random) -> Vec<Node> {
    let count = 2 + random.below(30);
    let density = 1 + random.below(4);
    let mut nodes: Vec<Node> = (0..count)
        .map(|index| Node { kind: OBJECT, name: "Thing", size: 1 << index.min(40), ..Node::default() })
        .collect();
    nodes[0] = Node { kind: SYNTHETIC, name: "", ..Node::default() };
    for _ in 0..1 + random.below(3) {
        nodes[0].edges.push((SHORTCUT, "global".into(), 1 + random.below(count - 1)));
    }
    for _ in 0..count * density {
        let (source, target) = (1 + random.below(count - 1), 1 + random.below(count - 1));
        let kind = [PROPERTY, PROPERTY, INTERNAL, WEAK][random.below(4)];
        nodes[source].edges.push((kind, format!("edge{}", random.below(5)), target));
    }
    nodes
}

#[test]
fn retained_sizes_are_what_removal_frees() {
    let mut random = Random(7);
    for case in 0..3000 {
        let nodes = random_graph(&mut random);
        let graph = HeapGraph::from_bytes(snapshot(&nodes).into_bytes()).unwrap();
        let all = reachable(&nodes, None);
        for node in (1..nodes.len()).filter(|&node| all[node]) {
            let without = reachable(&nodes, Some(node));
            let freed = (1..nodes.len()).filter(|&other| all[other] && !without[other]);
            let expected: u64 = freed.map(|other| nodes[other].size).sum();
            assert_eq!(
                graph.retained_size(NodeIndex(node as u32)),
                expected,
                "case {case}, node {node}: {nodes:#?}"
            );
        }
    }
}

#[test]
fn an_immediate_dominator_is_the_nearest_node_on_every_path() {
    let mut random = Random(11);
    for case in 0..1500 {
        let nodes = random_graph(&mut random);
        let graph = HeapGraph::from_bytes(snapshot(&nodes).into_bytes()).unwrap();
        let all = reachable(&nodes, None);
        let without: Vec<Vec<bool>> = (0..nodes.len()).map(|node| reachable(&nodes, Some(node))).collect();
        let dominates = |a: usize, b: usize| a == 0 || a == b || !without[a][b];
        for node in (1..nodes.len()).filter(|&node| all[node]) {
            let found = graph.dominator(NodeIndex(node as u32)).unwrap().0 as usize;
            let strict: Vec<usize> = (0..nodes.len())
                .filter(|&other| all[other] && other != node && dominates(other, node))
                .collect();
            // The immediate one is dominated by all the others.
            let expected = strict.iter().find(|&&near| strict.iter().all(|&far| dominates(far, near)));
            assert_eq!(Some(&found), expected, "case {case}, node {node}: {nodes:#?}");
        }
    }
}

#[test]
fn nodes_out_of_reach_hang_below_the_root() {
    let object = |edges| Node { kind: OBJECT, name: "Thing", size: 10, edges };
    let edge = |target| (PROPERTY, "p".to_owned(), target);
    let nodes = [
        Node { kind: SYNTHETIC, name: "", size: 0, edges: vec![(SHORTCUT, "g".into(), 1)] },
        object(vec![(WEAK, "w".into(), 2)]),
        // Held weakly only, and what it holds.
        object(vec![edge(3)]),
        object(vec![]),
        // A cycle that nothing reaches, which holds what is reached otherwise too.
        object(vec![edge(5), edge(1), edge(3)]),
        object(vec![edge(4)]),
    ];
    let graph = HeapGraph::from_bytes(snapshot(&nodes).into_bytes()).unwrap();
    let dominators: Vec<u32> = (1..6).map(|node| graph.dominator(NodeIndex(node)).unwrap().0).collect();
    assert_eq!(dominators, [0, 0, 2, 0, 0]);
    assert_eq!(graph.retained_size(NodeIndex(2)), 20);
    assert_eq!(graph.retained_size(graph.root()), 50);
    assert_eq!(graph.distance(NodeIndex(4)), None);
}

#[test]
fn long_lists_and_wide_stars_need_no_stack() {
    const COUNT: usize = 300_000;
    let mut nodes = vec![Node { kind: OBJECT, name: "Link", size: 8, ..Node::default() }; COUNT];
    nodes[0] = Node { kind: SYNTHETIC, name: "", size: 0, edges: vec![(SHORTCUT, "g".into(), 1)] };
    for (index, node) in nodes.iter_mut().enumerate().take(COUNT / 2).skip(1) {
        node.edges.push((PROPERTY, "next".into(), index + 1));
    }
    let hub = COUNT / 2;
    nodes[hub].edges = (hub + 1..COUNT).map(|spoke| (PROPERTY, "spoke".to_owned(), spoke)).collect();
    let graph = HeapGraph::from_bytes(snapshot(&nodes).into_bytes()).unwrap();
    assert_eq!(graph.retained_size(NodeIndex(1)), 8 * (COUNT as u64 - 1));
    assert_eq!(graph.dominated(NodeIndex(hub as u32)).len(), COUNT - hub - 1);
    assert_eq!(graph.distance(NodeIndex(hub as u32)), Some(hub as u32));
    assert_eq!(graph.class_histogram()[0].count, COUNT as u64 - 1);
}
