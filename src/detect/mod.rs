//! From measurements to suspects: series statistics, growth clusters, one rule per file.
