//! The versioned report: its JSON shapes and its text.

mod shape;
mod text;
pub(crate) mod units;

pub use shape::{
    Confidence, Cost, Growth, Location, MemorySummary, Package, Process, REPORT_VERSION, Report, ResourceRow,
    RouteRow, Step, StepKind, Suspect, SuspectKind, Verdict,
};
pub(crate) use text::location_text;
pub use text::{TextOptions, render};
