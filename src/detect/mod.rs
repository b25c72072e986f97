//! From measurements to suspects: series statistics, growth clusters, one rule per file.

pub mod clusters;
pub mod input;
pub mod profile;
pub mod resources;
pub mod routes;
pub mod series;
pub mod sites;
