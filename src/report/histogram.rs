//! Class histograms side by side, as a person reads them.

use serde::Deserialize;

use super::page::{Page, TextOptions};
use super::units;

/// What `compareHistograms` says, by class and by route.
#[derive(Debug, Deserialize)]
pub struct HistogramRows {
    /// What grew most first.
    pub classes: Vec<HistogramRow>,
    /// Likewise.
    pub routes: Vec<HistogramRow>,
}

/// How many there were in each histogram.
#[derive(Debug, Deserialize)]
pub struct HistogramRow {
    /// Of the constructor, or the route.
    pub name: String,
    /// One for each histogram.
    pub counts: Vec<u64>,
    /// From the first to the last.
    pub growth: i64,
}

/// Tables of what grew, each of at most `top` rows, ending in a newline.
pub fn render_histograms(rows: &HistogramRows, top: usize, options: TextOptions) -> String {
    let mut page = Page::new(options);
    let grown = |rows: &[HistogramRow]| rows.iter().filter(|row| row.growth > 0).count();
    match grown(&rows.classes) {
        0 => page.line("No class has more objects than before."),
        count => page.line(&format!(
            "{} of {} classes have more objects than before.",
            units::count(count as u64),
            units::count(rows.classes.len() as u64)
        )),
    }
    table(&mut page, "class", &rows.classes, top);
    table(&mut page, "route of requests that are kept", &rows.routes, top);
    page.finish()
}

fn table(page: &mut Page, title: &str, rows: &[HistogramRow], top: usize) {
    let numbers: Vec<String> =
        (1..=rows.first().map_or(0, |row| row.counts.len())).map(|number| number.to_string()).collect();
    let columns: Vec<&str> = numbers.iter().map(String::as_str).chain(["growth"]).collect();
    let cells = |row: &HistogramRow| {
        let counts = row.counts.iter().map(|&count| units::count(count));
        let growth = format!("+{}", units::count(row.growth.unsigned_abs()));
        counts.chain([growth, row.name.clone()]).collect()
    };
    let rows: Vec<Vec<String>> = rows.iter().filter(|row| row.growth > 0).take(top).map(cells).collect();
    page.table(title, &columns, &rows);
}
