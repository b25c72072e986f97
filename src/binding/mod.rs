//! The Node-API edge: convert, delegate, map errors.
