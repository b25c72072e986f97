//! Heap snapshots: `.heapsnapshot` files as columns, dominators, retained sizes, classes and retainer paths.
