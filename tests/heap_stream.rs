//! A snapshot read while it is written is the one that is read from the file afterwards, wherever the chunks end.

mod heap_support;

use heap_support::{Node, OBJECT, PROPERTY, SYNTHETIC, snapshot};
use leakwatch::heap::analysis::SnapshotAnalysis;
use leakwatch::heap::{HeapError, HeapGraph, SnapshotReader, Task};

const SMALL: &str = concat!(
    r#"{"snapshot":{"meta":{"node_fields":["type","name","id","self_size","edge_count","trace_node_id","detachedness"],"#,
    r#""node_types":[["hidden","object","synthetic","closure","string"],"string","number","number","number","number","number"],"#,
    r#""edge_fields":["type","name_or_index","to_node"],"edge_types":[["context","element","property","internal"],"string_or_number","node"],"#,
    r#""trace_node_fields":["id","children"],"location_fields":["object_index","script_id","line","column"]},"node_count":4,"edge_count":4,"trace_function_count":0},"#,
    "\n\"nodes\":[2,0,1,0,2,0,0\n,1,1,3,5000000000,1,0,0\n,3,2,5,64,1,0,0\n,4,3,7,32,0,0,0\n],",
    "\n\"edges\":[1,1,7\n,2,4,14\n,2,5,21\n,0,4,7\n],",
    "\n\"trace_function_infos\":[],\n\"trace_tree\":[1,[2,[]]],\n\"samples\":[],\n\"locations\":[14,9,3,7\n],",
    "\n\"strings\":[\"\",\n\"Session\",\n\"on]Login\",\n\"]} \\\" \\\\\",\n\"edges\",\n\"\\ud83d\"]}\n",
);

fn read<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Result<HeapGraph, HeapError> {
    let mut reader = SnapshotReader::default();
    for chunk in chunks {
        reader.push(chunk)?;
    }
    reader.finish(&Task::default())
}

fn analysis(graph: &HeapGraph) -> String {
    serde_json::to_string(&SnapshotAnalysis::of(graph, 50, &Task::default()).unwrap()).unwrap()
}

/// Numbers that look random and are the same each time.
fn numbers(mut seed: u64) -> impl FnMut(u64) -> u64 {
    move |below| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) % below
    }
}

#[test]
fn every_border_between_two_chunks_is_read_over() {
    let text = SMALL.as_bytes();
    let expected = analysis(&HeapGraph::from_bytes(text.to_vec()).unwrap());
    assert!(expected.contains("Session"));
    for border in 0..=text.len() {
        let (front, back) = text.split_at(border);
        assert_eq!(analysis(&read([front, back]).unwrap()), expected, "border at {border}");
    }
    assert_eq!(analysis(&read(text.chunks(1)).unwrap()), expected);
}

#[test]
fn a_large_snapshot_in_chunks_of_random_sizes() {
    let mut random = numbers(7);
    let count = 100_000;
    let mut nodes: Vec<Node> = (0..count)
        .map(|_| Node {
            kind: OBJECT,
            name: ["A", "B", "C"][random(3) as usize],
            size: random(1 << 20),
            edges: Vec::new(),
        })
        .collect();
    nodes[0].kind = SYNTHETIC;
    for at in 1..count {
        nodes[random(at as u64) as usize].edges.push((PROPERTY, "held".into(), at));
        let (from, to) = (random(count as u64) as usize, random(count as u64) as usize);
        nodes[from].edges.push((PROPERTY, "also".into(), to));
    }
    let text = snapshot(&nodes);
    assert!(text.len() > 3 << 20, "several blocks of nodes and of edges");
    let expected = analysis(&HeapGraph::from_bytes(text.clone().into_bytes()).unwrap());
    for greatest in [5000, 3 << 20] {
        let mut rest = text.as_bytes();
        let mut chunks = Vec::new();
        while !rest.is_empty() {
            let (chunk, behind) = rest.split_at((random(greatest) as usize).min(rest.len()));
            chunks.push(chunk);
            rest = behind;
        }
        assert!(analysis(&read(chunks).unwrap()) == expected, "chunks of up to {greatest} bytes");
    }
}

#[test]
fn a_text_that_is_cut_or_wrong_is_refused() {
    let text = SMALL.trim_end().as_bytes();
    for end in 0..text.len() {
        assert!(read([&text[..end]]).is_err(), "cut at {end}");
    }
    for (right, wrong, code) in [
        ("\"node_count\":4", "\"node_count\":5", "ERR_LEAKWATCH_SNAPSHOT_COUNT"),
        ("\"edge_count\":4", "\"edge_count\":4000000000", "ERR_LEAKWATCH_SNAPSHOT_COUNT"),
        ("1,1,3,5000000000", "1,6,3,5000000000", "ERR_LEAKWATCH_SNAPSHOT_RANGE"),
        ("2,5,21", "2,6,21", "ERR_LEAKWATCH_SNAPSHOT_RANGE"),
        ("2,5,21", "2,5,28", "ERR_LEAKWATCH_SNAPSHOT_RANGE"),
        ("2,5,21", "2,,21", "ERR_LEAKWATCH_SNAPSHOT_NUMBER"),
        ("\"edges\":[", "\"other\":[", "ERR_LEAKWATCH_SNAPSHOT_COUNT"),
        ("\"strings\":[", "\"strings\":{", "ERR_LEAKWATCH_SNAPSHOT_SYNTAX"),
        ("\"node_fields\":[\"type\"", "\"node_fields\":[\"kind\"", "ERR_LEAKWATCH_SNAPSHOT_META"),
    ] {
        let broken = SMALL.replacen(right, wrong, 1);
        assert_eq!(read([broken.as_bytes()]).err().map(|error| error.code()), Some(code), "{wrong}");
    }
}
