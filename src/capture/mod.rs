//! Writing heap snapshots: V8 writes into a pipe, a thread drains it to disk.
