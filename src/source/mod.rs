//! Application source: where a variable is declared and which lines make it grow.
//!
//! A heap snapshot says that `sessions` holds the leaked objects; only the source says which line puts
//! them there. [`SourceFile`] parses one JavaScript or TypeScript file (with oxc) and keeps plain facts:
//! functions with their extent, variables with every place that touches them, and properties likewise.
//! Nothing here runs the code or knows a particular package.

mod calls;
mod clocks;
mod counters;
mod cuts;
mod facts;
mod files;
mod helpers;
mod limits;
mod lines;
mod maps;
mod mentions;
mod names;
mod origins;
mod rings;
mod scan;
mod settings;
mod sizes;
mod sweeps;
mod symbols;
mod turnovers;
mod usage;

pub use facts::{Function, FunctionId, Limit, Made, Position, SourceFile, Touch, TouchKind, Variable};
pub use files::{PackageOf, SourceCache, is_of_application, path_of_script};
pub use helpers::Parameter;
pub use maps::{Original, SourceMaps};
