//! Process memory sampling on a thread of its own.
