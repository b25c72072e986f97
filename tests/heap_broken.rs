//! Broken files are refused with a code, the byte where it was noticed, and what was expected.

mod heap_support;

use std::io::Write;

use heap_support::{INTERNAL, Node, OBJECT, PROPERTY, SHORTCUT, STRING, SYNTHETIC, snapshot};
use leakwatch::heap::HeapErrorKind::{self, *};
use leakwatch::heap::analysis::SnapshotAnalysis;
use leakwatch::heap::compare::SnapshotComparison;
use leakwatch::heap::{HeapGraph, NodeIndex, Task};

fn valid() -> String {
    snapshot(&[
        Node { kind: SYNTHETIC, name: "", size: 0, edges: vec![(SHORTCUT, "g".into(), 1)] },
        Node { kind: OBJECT, name: "Object", size: 24, edges: vec![(PROPERTY, "self".into(), 1)] },
    ])
}

/// Replaces the first `from` of a valid snapshot; the error is expected at the first byte of `at` in the result.
fn assert_refused(from: &str, to: &str, kind: HeapErrorKind, at: &str) {
    let text = valid();
    assert!(text.contains(from), "{from} is in the snapshot");
    let text = text.replacen(from, to, 1);
    let error =
        HeapGraph::from_bytes(text.clone().into_bytes()).err().unwrap_or_else(|| panic!("{to} was accepted"));
    let position = error.position.unwrap_or_else(|| panic!("{error} has a position")) as usize;
    assert_eq!(error.kind, kind, "{from} → {to}: {error}");
    assert!(text[position..].starts_with(at), "{from} → {to}: {error}; there: {:?}", &text[position..]);
}

#[test]
fn the_snapshot_these_tests_break_is_accepted() {
    let graph = HeapGraph::from_bytes(valid().into_bytes()).unwrap();
    assert_eq!((graph.node_count(), graph.edge_count(), graph.total_size()), (2, 2, 24));
}

#[test]
fn wrong_values_are_refused_where_they_stand() {
    for (from, to, kind, at) in [
        // Not what it should be.
        ("{\"snapshot\"", "[\"snapshot\"", Syntax, "[\"snapshot\""),
        ("{\"snapshot\"", "\u{feff}{\"snapshot\"", Syntax, "\u{feff}{\"snapshot\""),
        ("\"nodes\":[", "\"nodes\":{", Syntax, "{2,0"),
        ("\"nodes\":[", "\"nodes\" [", Syntax, "[2,0"),
        ("\"strings\":[", "\"strings\":[1,", Syntax, "1,"),
        ("\"locations\":[]", "\"locations\":[] \"x\"", Syntax, "\"x\""),
        ("\"locations\":[]", "\"locations\":[],\"x\":", Syntax, ",\n\"strings\""),
        ("\"snapshot\":{", "\"snapshot\":[{", Syntax, "[{\"meta"),
        ("\"snapshot\":{\"meta\":", "\"snapshot\":{\"about\":", Meta, "{\"about\""),
        ("\"meta\":", "\"meta\":{},\"meta\":", Meta, "{\"meta\""),
        // Sections.
        ("\"nodes\"", "\"knots\"", Section, ""),
        ("\"strings\"", "\"nodes\"", Section, "\"nodes\""),
        ("\"locations\"", "\"edges\"", Section, "\"edges\""),
        ("\"locations\":[]", "\"locations\":[],\"locations\":[]", Section, "\"locations\":[],\n\"strings\""),
        ("\"locations\":[]", "\"snapshot\":{}", Section, "\"snapshot\":{}"),
        ("\"locations\":[]", "\"strings\":[]", Syntax, "],\n\"strings\""),
        ("\"snapshot\"", "\"snap\"", Section, ""),
        // Header.
        ("\"self_size\"", "\"size\"", Meta, "{\"meta\""),
        ("\"to_node\"", "\"target\"", Meta, "{\"meta\""),
        ("\"node_count\":2", "\"node_count\":-2", Meta, "{\"meta\""),
        ("\"node_count\":2", "\"node_count\":2.5", Meta, "{\"meta\""),
        ("\"node_count\":2", "\"node_count\":99999999999999999999999", Meta, "{\"meta\""),
        ("\"node_count\":2", "\"node_count\":2,\"node_count\":2", Meta, "{\"meta\""),
        ("\"node_count\":2", "\"root_index\":6,\"node_count\":2", Meta, "{\"meta\""),
        ("[[\"hidden\"", "[\"hidden\",[\"hidden\"", Meta, "{\"meta\""),
        // Counts.
        ("\"node_count\":2", "\"node_count\":3", Count, "],\n\"edges\""),
        ("\"node_count\":2", "\"node_count\":18446744073709551615", Count, "],\n\"edges\""),
        ("\"edge_count\":2", "\"edge_count\":3", Count, "],\n\"edges\""),
        ("2,0,1,0,1,0\n", "2,0,1,0,1,0,7\n", Count, "],\n\"edges\""),
        ("2,0,1,0,1,0\n", "2,0,1,0,2,0\n", Count, "],\n\"edges\""),
        ("2,0,1,0,1,0\n", "2,0,1,0,4294967295,0\n", Count, "],\n\"edges\""),
        // Numbers.
        ("2,0,1,0,1,0\n", "2,0,-1,0,1,0\n", Number, "-1,0"),
        ("2,0,1,0,1,0\n", "2,0,1,1.5,1,0\n", Number, ".5,1"),
        ("2,0,1,0,1,0\n", "2,0,1,1e9,1,0\n", Number, "e9,1"),
        ("2,0,1,0,1,0\n", "2,0,1,\"0\",1,0\n", Number, "\"0\",1"),
        ("2,0,1,0,1,0\n", "2,0,,0,1,0\n", Number, ",0,1,0"),
        ("2,0,1,0,1,0\n", "2,0,1 1,0,1,0\n", Number, "1,0,1,0"),
        ("2,0,1,0,1,0\n", "2,0,4294967296,0,1,0\n", Number, "2,0,4294967296"),
        ("2,0,1,0,1,0\n", "2,0,1,9999999999999999999,1,0\n", Number, "9999999999999999999"),
        // Indices out of range.
        ("2,0,1,0,1,0\n", "5,0,1,0,1,0\n", Range, "5,0,1"),
        ("2,0,1,0,1,0\n", "2,4,1,0,1,0\n", Range, "2,4,1"),
        ("2,0,1,0,1,0\n", "2,0,1,0,1,3\n", Range, "2,0,1,0,1,3"),
        ("5,1,6\n", "7,1,6\n", Range, "7,1,6"),
        ("5,1,6\n", "5,4,6\n", Range, "5,4,6"),
        ("5,1,6\n", "5,1,7\n", Range, "5,1,7"),
        ("5,1,6\n", "5,1,12\n", Range, "5,1,12"),
        ("\"locations\":[]", "\"locations\":[12,1,1,1]", Range, "12,1"),
    ] {
        assert_refused(from, to, kind, at);
    }
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    let text = valid();
    for end in 0..text.len() {
        let error = HeapGraph::from_bytes(text.as_bytes()[..end].to_vec())
            .err()
            .unwrap_or_else(|| panic!("cut at {end}"));
        assert_eq!(error.kind, Truncated, "cut at {end}: {error}");
        assert_eq!(error.position, Some(end as u64), "{error}");
    }
}

#[test]
fn what_is_no_json_at_all_is_refused_at_its_first_byte() {
    for (bytes, kind, position) in [
        (&b""[..], Truncated, 0),
        (b" \n", Truncated, 2),
        (b"hello", Syntax, 0),
        (b"\x7fELF\x02\x01\x01", Syntax, 0),
        (b"PK\x03\x04", Syntax, 0),
        (b"\0\0\0\0", Syntax, 0),
        (b"{}", Syntax, 1),
        (b"[]", Syntax, 0),
        (b"null", Syntax, 0),
        // A heap profile, which V8 writes too.
        (b"{\"head\":{\"callFrame\":{}},\"samples\":[]}", Section, 38),
    ] {
        let error = HeapGraph::from_bytes(bytes.to_vec()).err().expect("refused");
        assert_eq!((error.kind, error.position), (kind, Some(position)), "{}", bytes.escape_ascii());
    }
}

#[test]
fn a_cycle_of_strings_is_a_graph_like_any_other() {
    let string =
        |target| Node { kind: STRING, name: "ab", size: 16, edges: vec![(INTERNAL, "first".into(), target)] };
    let root = Node { kind: SYNTHETIC, name: "", size: 0, edges: vec![(SHORTCUT, "g".into(), 1)] };
    let holder = Node { kind: OBJECT, name: "Thing", size: 24, edges: vec![(PROPERTY, "text".into(), 2)] };
    let graph = HeapGraph::from_bytes(snapshot(&[root, holder, string(3), string(2)]).into_bytes()).unwrap();
    let retained = [1, 2, 3].map(|node| graph.retained_size(NodeIndex(node)));
    assert_eq!(retained, [56, 32, 16]);
    SnapshotAnalysis::of(&graph, 5, &Task::default()).unwrap();
}

#[test]
fn edges_without_a_name_can_be_compared() {
    let root = Node { kind: SYNTHETIC, name: "", size: 0, edges: vec![(SHORTCUT, "g".into(), 1)] };
    let object = |edges| Node { kind: OBJECT, name: "Thing", size: 24, edges };
    let nodes = [root, object(vec![(INTERNAL, String::new(), 2)]), object(vec![])];
    let graph = HeapGraph::from_bytes(snapshot(&nodes).into_bytes()).unwrap();
    let comparison = SnapshotComparison::of(&[&graph, &graph], 5, &Task::default()).unwrap();
    assert_eq!(comparison.total_bytes, [48, 48]);
}

#[test]
fn a_sparse_file_of_ten_gigabytes_is_refused_at_once() {
    let path = std::env::temp_dir().join(format!("leakwatch-sparse-{}.heapsnapshot", std::process::id()));
    let valid = valid();
    for (start, position) in [("", 0), ("{", 1), ("{\"snapshot\":", 12), (&valid, valid.len())] {
        let mut file = std::fs::File::create(&path).unwrap();
        file.write_all(start.as_bytes()).unwrap();
        file.set_len(10_000_000_000).unwrap();
        let error = HeapGraph::open(&path).err().unwrap();
        assert_eq!((error.kind, error.position), (Syntax, Some(position as u64)), "{start}: {error}");
    }
    std::fs::remove_file(path).unwrap();
}

#[test]
fn deep_nesting_is_refused() {
    let text = valid().replacen("\"locations\":[]", &format!("\"trace_tree\":{}", "[".repeat(1_000_000)), 1);
    assert_eq!(HeapGraph::from_bytes(text.into_bytes()).err().unwrap().kind, Nesting);
}

#[test]
fn random_damage_never_panics() {
    const DAMAGE: &[u8] = b"0123456789,[]{}\"\\:-\n x\x80\xc3\xff";
    let mut random = heap_support::Random(3);
    let text = valid().into_bytes();
    for _ in 0..20_000 {
        let mut bytes = text.clone();
        for _ in 0..1 + random.below(4) {
            let at = random.below(bytes.len());
            bytes[at] = DAMAGE[random.below(DAMAGE.len())];
        }
        let _ = HeapGraph::from_bytes(bytes);
    }
}

#[test]
fn files_that_cannot_be_read_say_so() {
    let folder = std::env::temp_dir();
    for path in [folder.clone(), folder.join("leakwatch-no-such.heapsnapshot")] {
        let error = HeapGraph::open(&path).err().unwrap();
        assert_eq!((error.kind, error.position), (Read, None));
        assert!(error.to_string().contains(&*path.to_string_lossy()), "{error}");
    }
}

#[test]
fn compressed_files_are_read_and_bombs_are_not() {
    let gzip = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let path = std::env::temp_dir().join(format!("leakwatch-{}.heapsnapshot.gz", std::process::id()));
    let open = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        HeapGraph::open(&path).map(|graph| graph.node_count()).map_err(|error| error.kind)
    };
    let packed = gzip(valid().as_bytes());
    assert_eq!(open(&packed), Ok(2));
    assert_eq!(open(&zstd::encode_all(valid().as_bytes(), 3).unwrap()), Ok(2));
    assert_eq!(open(&packed[..packed.len() / 2]), Err(Truncated));
    assert_eq!(open(&gzip(&vec![b' '; 50_000_000])), Err(TooLarge));
    std::fs::remove_file(path).unwrap();
}

#[test]
fn codes_are_stable() {
    let kinds = [Read, Syntax, Truncated, Meta, Section, Count, Number, Range, Nesting, TooLarge];
    let codes = kinds.map(|kind| kind.code().trim_start_matches("ERR_LEAKWATCH_SNAPSHOT_"));
    let expected = [
        "READ",
        "SYNTAX",
        "TRUNCATED",
        "META",
        "SECTION",
        "COUNT",
        "NUMBER",
        "RANGE",
        "NESTING",
        "TOO_LARGE",
    ];
    assert_eq!(codes, expected);
}
