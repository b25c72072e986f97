//! Answers about heap snapshots as a person reads them. The JSON has everything; the text has what one acts on.

mod analysis;
mod comparison;
mod why;

pub use analysis::render_analysis;
pub use comparison::render_comparison;
pub use why::render_why;

use super::units;
use crate::heap::Location;

fn place(location: &Location) -> String {
    match &location.function {
        Some(function) => format!("{}:{} in {function}", location.file, location.line),
        None => format!("{}:{}", location.file, location.line),
    }
}

fn line_of(location: &Location) -> String {
    format!("{}:{}", location.file, location.line)
}

fn bytes(amount: u64) -> String {
    units::bytes(amount as f64)
}

/// `1 → 2 → 3`; of a long series the first, a gap and the last two.
fn series(values: &[u64], show: impl Fn(u64) -> String) -> String {
    let shown: Vec<String> = values.iter().map(|&value| show(value)).collect();
    match &shown[..] {
        [first, _, _, .., before, last] => format!("{first} → … → {before} → {last}"),
        _ => shown.join(" → "),
    }
}
