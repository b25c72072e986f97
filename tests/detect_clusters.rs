//! Whom new objects accuse: what several objects hold belongs to one of them, what only V8's table of strings lists to
//! nobody, and what stands in the place of others accuses nobody.

mod heap_support;

use heap_support::{
    ELEMENT, INTERNAL, Node, OBJECT, PROPERTY, STRING, SYNTHETIC, snapshot, snapshot_with_ids,
};
use leakwatch::detect::clusters::clusters;
use leakwatch::detect::intervals::Interval3;
use leakwatch::detect::losses::queues;
use leakwatch::heap::HeapGraph;

const EACH: usize = 20;
const ROOT: usize = 0;
const TABLE: usize = 1;
const TOKENS: usize = 2;
const USERS: usize = 3;
const FIRST: usize = 4;

/// Two arrays and V8's table of strings, and for each of `members` who holds it.
fn graph(members: &[(Node, &[usize])]) -> HeapGraph {
    let object = |kind, name| Node { kind, name, size: 16, edges: Vec::new() };
    let mut nodes = vec![
        object(SYNTHETIC, ""),
        object(SYNTHETIC, "(Internalized strings)"),
        object(OBJECT, "Tokens"),
        object(OBJECT, "Users"),
    ];
    for below in [TABLE, TOKENS, USERS] {
        nodes[ROOT].edges.push((ELEMENT, below.to_string(), below));
    }
    for (at, (member, holders)) in members.iter().enumerate() {
        nodes.push(member.clone());
        for &holder in *holders {
            let kind = if holder == TABLE { INTERNAL } else { PROPERTY };
            nodes[holder].edges.push((kind, format!("p{at}"), FIRST + at));
        }
    }
    HeapGraph::from_bytes(snapshot(&nodes).into_bytes()).expect("a snapshot")
}

/// The holders, the class and the count of what clusters say of three snapshots, each with `EACH` more members.
fn told(member: impl Fn(usize) -> (Node, &'static [usize])) -> Vec<(String, String, [u64; 2], Vec<String>)> {
    let graphs = [1, 2, 3].map(|rounds| graph(&(0..EACH * rounds).map(&member).collect::<Vec<_>>()));
    let found = clusters(&series(&graphs));
    let name = |node| graphs[2].name(node).into_owned();
    let too = |cluster: &leakwatch::detect::cluster::Cluster| {
        cluster.sharing.iter().flat_map(|sharing| sharing.too.iter().map(|&node| name(node))).collect()
    };
    found
        .iter()
        .map(|found| (name(found.owner), found.lead.class.clone(), found.lead.counts, too(found)))
        .collect()
}

fn series(graphs: &[HeapGraph; 3]) -> Interval3<'_> {
    Interval3 { graphs: graphs.each_ref(), requests: [EACH as f64; 2], before: None, shares_ids: true }
}

fn member(kind: usize, name: &'static str) -> Node {
    Node { kind, name, size: 64, edges: Vec::new() }
}

#[test]
fn what_two_hold_is_told_with_one_of_them_and_the_other_beside_it() {
    let found = told(|_| (member(OBJECT, "Session"), &[TOKENS, USERS]));
    let expected = ("Tokens".to_owned(), "Session".to_owned(), [EACH as u64; 2], vec!["Users".to_owned()]);
    assert_eq!(found, [expected]);
}

#[test]
fn strings_in_v8s_table_belong_to_who_holds_them_and_those_that_nobody_holds_to_nobody() {
    let found = told(|_| (member(STRING, "id"), &[TABLE, USERS]));
    assert_eq!(found, [("Users".to_owned(), "string".to_owned(), [EACH as u64; 2], vec![])]);
    assert_eq!(told(|_| (member(STRING, "literal"), &[TABLE])), []);
}

#[test]
fn what_two_hold_and_let_go_again_accuses_nobody() {
    // Those of the last two rounds are there, in both intervals; those before are gone.
    let graphs = [1, 2, 3].map(|round| {
        let held = move |at: usize| at / EACH + 2 >= round;
        let holders =
            move |at: usize| -> &'static [usize] { if held(at) { &[TOKENS, USERS] } else { &[ROOT] } };
        let gone = |at: usize| if held(at) { member(OBJECT, "Session") } else { member(OBJECT, "Hole") };
        graph(&(0..EACH * round).map(|at| (gone(at), holders(at))).collect::<Vec<_>>())
    });
    let found = clusters(&series(&graphs));
    assert!(found.iter().all(|cluster| cluster.lead.class != "Session"), "{found:?}");
}

/// A window of buckets, each larger than the one before; in every round some new ones take the place of the oldest, or
/// are added to them.
fn buckets(are_replaced: bool) -> usize {
    let graphs = [1, 2, 3].map(|round| {
        let made = (round + 2) * EACH;
        let first = if are_replaced { made - 3 * EACH } else { 0 };
        let bucket = |at: usize| Node { size: 64 + 8 * at as u64, ..member(OBJECT, "Bucket") };
        let mut nodes = vec![member(SYNTHETIC, ""), member(OBJECT, "Window")];
        nodes[0].edges.push((ELEMENT, "1".to_owned(), 1));
        nodes.extend((first..made).map(bucket));
        nodes[1].edges = (2..nodes.len()).map(|to| (ELEMENT, to.to_string(), to)).collect();
        let ids: Vec<usize> = [1, 3].into_iter().chain((first..made).map(|at| 5 + 2 * at)).collect();
        HeapGraph::from_bytes(snapshot_with_ids(&nodes, &ids).into_bytes()).expect("a snapshot")
    });
    clusters(&series(&graphs)).len()
}

#[test]
fn what_a_running_function_holds_accuses_nobody() {
    let told_below = |roots: &'static str| {
        let graphs = [1, 2, 3].map(|rounds| {
            let mut nodes = vec![member(SYNTHETIC, ""), member(SYNTHETIC, roots)];
            nodes[0].edges.push((ELEMENT, "1".to_owned(), 1));
            for at in 2..2 + rounds * EACH {
                nodes[1].edges.push((INTERNAL, at.to_string(), at));
                nodes.push(member(OBJECT, "Message"));
            }
            HeapGraph::from_bytes(snapshot(&nodes).into_bytes()).expect("a snapshot")
        });
        clusters(&series(&graphs)).len()
    };
    assert_eq!(["(Global handles)", "(Stack roots)"].map(told_below), [1, 0]);
}

/// Requests with these ids in each of three snapshots.
fn requests(ids: [std::ops::Range<usize>; 3]) -> [HeapGraph; 3] {
    ids.map(|ids| {
        let ids: Vec<usize> = std::iter::once(1).chain(ids.map(|id| 2 * id + 3)).collect();
        let mut nodes = vec![member(SYNTHETIC, "")];
        nodes.extend(ids[1..].iter().map(|_| member(OBJECT, "Request")));
        nodes[0].edges = (1..nodes.len()).map(|to| (ELEMENT, to.to_string(), to)).collect();
        HeapGraph::from_bytes(snapshot_with_ids(&nodes, &ids).into_bytes()).expect("a snapshot")
    })
}

#[test]
fn requests_wait_in_a_queue_when_the_oldest_go_first() {
    let waits = |ids| queues(&series(&requests(ids)), "Request");
    assert!(waits([0..100, 30..180, 60..260]), "30 a round go, and more come");
    assert!(!waits([0..100, 0..180, 0..260]), "none goes");
    assert!(!waits([0..100, 6..180, 7..260]), "those that went are few");
}

#[test]
fn what_is_replaced_by_something_larger_accuses_nobody() {
    assert_eq!(buckets(false), 1);
    assert_eq!(buckets(true), 0);
}
