//! What people read: the versioned report, its JSON shapes and its text; the text of answers about heap snapshots and histograms.

mod heap;
mod histogram;
mod page;
mod resources;
mod shape;
mod text;
pub(crate) mod units;

pub use heap::{render_analysis, render_comparison, render_why};
pub use histogram::{HistogramRow, HistogramRows, render_histograms};
pub use page::TextOptions;
pub use resources::{ResourceLine, render_resources};
pub use shape::{
    Confidence, Cost, Growth, Location, MemorySummary, Package, Process, REPORT_VERSION, Report, ResourceRow,
    RouteRow, Step, StepKind, Suspect, SuspectKind, Verdict,
};
pub use text::render;
pub(crate) use text::{location_text, path_text};
