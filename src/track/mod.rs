//! Bounded tables of what the application made and has not let go.
