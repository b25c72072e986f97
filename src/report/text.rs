//! The report as a person reads it, in a terminal or a log.

use anstyle::{AnsiColor, Style};

use super::page::{Page, TextOptions, wrapped};
use super::shape::{Location, Report, Step, StepKind, Suspect, Verdict};
use super::units;
use crate::track::Dropped;

/// More suspects than this are counted, not shown.
const MAX_SHOWN: usize = 5;
/// More places in the source than this say less.
const MAX_PLACES: usize = 3;

/// The report as text, ending in a newline.
pub fn render(report: &Report, options: TextOptions) -> String {
    let mut page = Page::new(options);
    page.verdict(report);
    for (index, suspect) in report.suspects.iter().take(MAX_SHOWN).enumerate() {
        page.suspect(index + 1, suspect);
    }
    if report.suspects.len() > MAX_SHOWN {
        page.line(&format!("and {} more; --json has them all", report.suspects.len() - MAX_SHOWN));
    }
    if report.suspects.is_empty() {
        for sentence in &report.evidence {
            page.field("seen", sentence);
        }
    }
    for stretch in &report.checkpoints {
        let kept = format!("{} live, {} resident", signed(stretch.heap_bytes), signed(stretch.rss_bytes));
        page.field("kept", &format!("{} → {} ({} times): {kept}", stretch.from, stretch.to, stretch.passes));
    }
    page.field("not followed", &dropped_text(report.dropped.unwrap_or_default()));
    page.finish()
}

/// A retainer path as one line: `shop/sessions.js › sessions (Map) › value › Session`.
pub(crate) fn path_text(path: &[Step]) -> String {
    let mut parts: Vec<String> = Vec::new();
    for step in path {
        parts.push(match (&step.constructor, step.kind) {
            (Some(constructor), StepKind::Entry | StepKind::Element) => {
                format!("{} › {constructor}", step.name)
            }
            (Some(constructor), _) if *constructor != step.name => format!("{} ({constructor})", step.name),
            _ => step.name.clone(),
        });
    }
    parts.join(" › ")
}

/// `file:line`, with the function where known.
pub(crate) fn location_text(location: &Location) -> String {
    match &location.function {
        Some(function) => format!("{}:{} in {function}", location.file, location.line),
        None => format!("{}:{}", location.file, location.line),
    }
}

/// Nothing when everything had its place.
fn dropped_text(dropped: Dropped) -> String {
    let counts =
        [(dropped.entries, "resources"), (dropped.sites, "creation sites"), (dropped.routes, "routes")];
    let parts: Vec<_> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    if parts.is_empty() { String::new() } else { format!("{} had no place in the tables", parts.join(", ")) }
}

fn signed(amount: f64) -> String {
    let sign = if amount < 0.0 { "-" } else { "+" };
    format!("{sign}{}", units::bytes(amount.abs()))
}

impl Page {
    fn verdict(&mut self, report: &Report) {
        let (word, color) = match report.verdict {
            Verdict::Leaking => ("LEAKING", AnsiColor::Red),
            Verdict::Healthy => ("HEALTHY", AnsiColor::Green),
            Verdict::Undecided => ("UNDECIDED", AnsiColor::Yellow),
        };
        let indent = word.len() + 2;
        let word = self.styled(word, color.on_default().bold());
        for (index, row) in wrapped(&report.summary, self.width() - indent).iter().enumerate() {
            let margin = if index == 0 { format!("{word}  ") } else { " ".repeat(indent) };
            self.line(&format!("{margin}{row}"));
        }
    }

    fn suspect(&mut self, number: usize, suspect: &Suspect) {
        self.line("");
        let name = self.styled(&suspect.name, Style::new().bold());
        self.line(&format!("{number}. {name}{}", whereabouts(suspect)));
        self.field("kept", &growth_text(suspect));
        self.field("held by", &path_text(&suspect.retainer_path));
        for (index, place) in created_at(suspect).iter().take(MAX_PLACES).enumerate() {
            self.field(if index == 0 { "created at" } else { "" }, place);
        }
        if let Some(held_at) = &suspect.held_at {
            self.field("defined at", &location_text(held_at));
        }
        if let Some(package) = &suspect.package {
            self.field("package", &format!("{}@{}", package.name, package.version));
        }
        self.field("route", &suspect.routes.join(", "));
        for sentence in &suspect.evidence {
            self.field("seen", sentence);
        }
        self.field("do", &suspect.advice);
    }
}

/// Where to look first: the line and the route, for whoever reads nothing else.
fn whereabouts(suspect: &Suspect) -> String {
    let line = suspect.created_at.first().or(suspect.held_at.as_ref());
    let line = line.map(|location| format!("  {}:{}", location.file, location.line)).unwrap_or_default();
    let route = suspect.routes.first().map(|route| format!("  {route}")).unwrap_or_default();
    line + &route
}

/// Where things are created; a dependency's line together with the application's line that leads into it:
/// `pg-pool@3.6.1 lib/index.js:220, called from routes/orders.js:31`.
fn created_at(suspect: &Suspect) -> Vec<String> {
    let mut places: Vec<String> = suspect.created_at.iter().map(location_text).collect();
    if let (Some(package), [caller, inner, ..]) = (&suspect.package, suspect.created_at.as_slice())
        && let Some(inside) = inner.file.strip_prefix(&format!("node_modules/{}/", package.name))
    {
        let dependency = format!("{}@{} {inside}:{}", package.name, package.version, inner.line);
        places.splice(..2, [format!("{dependency}, called from {}", location_text(caller))]);
    }
    places
}

fn growth_text(suspect: &Suspect) -> String {
    let growth = &suspect.growth;
    let mut parts = Vec::new();
    if growth.count > 0 {
        parts.push(units::count(growth.count));
    }
    if growth.count_per_request > 0.0 {
        parts.push(format!("{} per request", units::rate(growth.count_per_request)));
    }
    if growth.bytes > 0 {
        parts.push(units::bytes(growth.bytes as f64));
    }
    parts.join(", ")
}
