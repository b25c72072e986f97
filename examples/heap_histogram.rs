//! Prints a heap snapshot's class histogram as tab-separated values: name, count, shallow bytes, retained bytes.
//!
//! `cargo run --release --no-default-features --example heap_histogram -- FILE`

use leakwatch::heap::HeapGraph;

fn main() -> Result<(), leakwatch::heap::HeapError> {
    let path = std::env::args().nth(1).expect("usage: heap_histogram FILE");
    let graph = HeapGraph::open(path)?;
    let mut classes = graph.class_histogram();
    classes.sort_by_key(|class| std::cmp::Reverse(class.retained_bytes));
    println!("{} nodes, {} edges, {} bytes", graph.node_count(), graph.edge_count(), graph.total_size());
    for class in classes {
        let name = &graph.class_key(class.class).name;
        println!("{name}\t{}\t{}\t{}", class.count, class.shallow_bytes, class.retained_bytes);
    }
    Ok(())
}
