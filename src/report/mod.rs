//! The versioned report: its JSON shapes and its text.
