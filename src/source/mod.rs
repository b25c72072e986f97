//! Application source: where a variable is declared and which lines make it grow.
