//! Classes of two files compared, read side by side: as counted by hand, and as in a whole comparison.

mod heap_support;

use heap_support::{Node, OBJECT, PROPERTY, SHORTCUT, SYNTHETIC, snapshot};
use leakwatch::heap::compare::{SnapshotComparison, compare_classes};
use leakwatch::heap::{HeapGraph, Task};

/// A holder of boxes of 16 bytes and, behind them, of lids of 8.
fn heap(boxes: usize, lids: usize) -> String {
    let objects =
        |name, size, count| (0..count).map(move |_| Node { kind: OBJECT, name, size, edges: vec![] });
    let held = (0..boxes + lids).map(|at| (PROPERTY, format!("p{at}"), at + 2));
    let root = vec![(SHORTCUT, "holder".to_owned(), 1)];
    let root = Node { kind: SYNTHETIC, name: "(root)", size: 0, edges: root };
    let holder = Node { kind: OBJECT, name: "Holder", size: 32, edges: held.collect() };
    let nodes = [root, holder].into_iter().chain(objects("Box", 16, boxes)).chain(objects("Lid", 8, lids));
    snapshot(&nodes.collect::<Vec<_>>())
}

#[test]
fn classes_are_compared_by_id_and_size() {
    let folder = std::env::temp_dir().join(format!("leakwatch-compare-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let files = [("before", heap(300, 5)), ("after", heap(300, 9))].map(|(name, text)| {
        let file = folder.join(format!("{name}.heapsnapshot"));
        std::fs::write(&file, text).unwrap();
        file
    });
    let task = Task::default();
    let rows = compare_classes(&files[0], &files[1], &task).unwrap();
    let graphs = files.map(|file| HeapGraph::open(file).unwrap());
    std::fs::remove_dir_all(&folder).unwrap();

    let [row] = &rows[..] else { panic!("one class differs: {rows:?}") };
    assert_eq!((&*row.name, row.count, row.shallow_bytes), ("Lid", [5, 9], [40, 72]));
    assert_eq!((row.retained_bytes, row.added, row.removed), ([40, 72], Some(4), Some(0)));
    let whole = SnapshotComparison::of(&[&graphs[0], &graphs[1]], 50, &task).unwrap();
    assert!(whole.same_process);
    assert_eq!(whole.classes, rows);
}
