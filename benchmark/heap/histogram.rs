//! Analyses a heap snapshot in a process of its own and prints the classes as JSON, like `__test__/devtools/oracle.mjs`.
//!
//! `cargo run --release --no-default-features --example heap_histogram -- FILE [--load-only]`

use leakwatch::heap::{HeapError, HeapGraph};
use serde_json::json;

fn main() -> Result<(), HeapError> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().expect("usage: heap_histogram FILE [--load-only]");
    let graph = HeapGraph::open(path)?;
    if arguments.any(|argument| argument == "--load-only") {
        println!(
            "{}",
            json!({ "nodes": graph.node_count(), "retainedBytes": graph.retained_size(graph.root()) })
        );
        return Ok(());
    }
    let classes: Vec<_> = graph.class_histogram().iter().map(|class| {
        let key = graph.class_key(class.class);
        let place = key.constructor.map(|place| format!("{},{},{}", place.script_id, place.line, place.column));
        json!({ "name": key.name, "constructor": place, "count": class.count, "shallowBytes": class.shallow_bytes,
            "retainedBytes": class.retained_bytes, "distance": class.distance })
    }).collect();
    println!(
        "{}",
        json!({ "nodes": graph.node_count(), "edges": graph.edge_count(), "totalBytes": graph.total_size(), "classes": classes })
    );
    Ok(())
}
