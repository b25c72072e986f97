//! What is in one snapshot.

use std::path::Path;

use anstyle::Style;

use super::{bytes, line_of, place};
use crate::heap::Location;
use crate::heap::analysis::{
    BufferRow, ClosureRow, CollectionRow, ContextRow, DuplicateString, LeakSuspect, ListenerRow, ModuleRow,
    PackageRow, PromiseRow, RouteMemory, SnapshotAnalysis, SuspendedRow, TimerRow,
};
use crate::report::page::{Page, TextOptions};
use crate::report::units;

/// Suspects told at length.
const SUSPECTS: usize = 3;
/// Rows of each list.
const ROWS: usize = 6;
/// What is below this share of the heap is not worth a row.
const MIN_SHARE: f64 = 0.005;
/// Fewer functions of one line, or listeners of one event, are nothing to look at.
const MANY: u64 = 20;

/// The analysis as text, ending in a newline. `file` is how the user calls the snapshot.
pub fn render_analysis(analysis: &SnapshotAnalysis, file: &str, options: TextOptions) -> String {
    let mut page = Page::new(options).in_folder(analysis.folder.as_deref());
    let size = page.styled(&bytes(analysis.summary.total_bytes), Style::new().bold());
    page.line(&format!("{size} in {} objects  {file}", units::count(analysis.summary.nodes as u64)));
    for (index, row) in analysis.suspects.iter().take(SUSPECTS).enumerate() {
        suspect(&mut page, index + 1, row, file);
    }
    Lists { analysis, worth: (analysis.summary.total_bytes as f64 * MIN_SHARE) as u64 }.render(&mut page);
    page.finish()
}

fn suspect(page: &mut Page, number: usize, suspect: &LeakSuspect, file: &str) {
    page.line("");
    let count =
        if suspect.count > 1 { format!("{} × ", units::count(suspect.count)) } else { String::new() };
    let name = page.styled(&page.clean(&format!("{count}{}", suspect.class_name)), Style::new().bold());
    page.line(&format!(
        "{number}. {name}  keeps {}, {} % of the heap",
        bytes(suspect.retained_bytes),
        suspect.percent
    ));
    for (at, content) in suspect.contents.iter().take(3).enumerate() {
        let text = format!(
            "{} {}, {}",
            units::count(content.count),
            content.class_name,
            bytes(content.retained_bytes)
        );
        page.field(if at == 0 { "made of" } else { "" }, &text);
    }
    page.field("held by", &suspect.path);
    if let Some(location) = &suspect.location {
        page.field("defined at", &place(location));
    }
    page.field("look", &format!("npx leakwatch path {} --id {}", argument(file), suspect.id));
}

/// The file as one types it: from where one is, in quotes when they are needed.
fn argument(file: &str) -> String {
    let here = std::env::current_dir().ok();
    let inside = here.and_then(|here| Path::new(file).strip_prefix(here).ok().map(Path::to_path_buf));
    let file = inside.map_or_else(|| file.into(), |inside| inside.to_string_lossy().into_owned());
    let is_plain = |char: char| char.is_alphanumeric() || "/\\.:-_".contains(char);
    if file.chars().all(is_plain) { file } else { format!("\"{file}\"") }
}

struct Lists<'a> {
    analysis: &'a SnapshotAnalysis,
    /// Bytes from which on a row is worth being read.
    worth: u64,
}

impl Lists<'_> {
    fn render(&self, page: &mut Page) {
        self.collections(page);
        self.listeners(page);
        self.promises(page);
        self.timers(page);
        self.routes(page);
        self.closures(page);
        self.strings(page);
        self.buffers(page);
        self.contexts(page);
        self.classes(page);
        self.packages(page);
        self.modules(page);
    }

    fn collections(&self, page: &mut Page) {
        let rows = self.analysis.collections.iter().filter(|row| row.retained_bytes >= self.worth);
        let row = |row: &CollectionRow| {
            vec![
                units::count(row.entries as u64),
                row.capacity.map(units::count).unwrap_or_default(),
                bytes(row.retained_bytes),
                row.kind.to_owned(),
                row.path.clone(),
            ]
        };
        page.table(
            "collection",
            &["entries", "room", "retained", "kind"],
            &rows.take(ROWS).map(row).collect::<Vec<_>>(),
        );
    }

    fn listeners(&self, page: &mut Page) {
        let rows = self.analysis.listeners.iter().filter(|row| row.count as u64 >= MANY);
        let row = |row: &ListenerRow| {
            vec![units::count(row.count as u64), format!("{} of {}  {}", row.event, row.emitter, row.path)]
        };
        page.table("listeners of event", &["count"], &rows.take(ROWS).map(row).collect::<Vec<_>>());
    }

    fn promises(&self, page: &mut Page) {
        let rows = self.analysis.promises.biggest.iter().filter(|row| row.reactions >= MANY);
        let row =
            |row: &PromiseRow| vec![units::count(row.reactions), bytes(row.retained_bytes), row.path.clone()];
        let rows: Vec<_> = rows.take(ROWS).map(row).collect();
        page.table("pending promise", &["waiting", "retained"], &rows);
        let rows = self.analysis.suspended.iter().filter(|row| row.count >= MANY);
        let row = |row: &SuspendedRow| {
            vec![units::count(row.count), bytes(row.retained_bytes), place(&row.location)]
        };
        page.table(
            "async function under way",
            &["runs", "retained"],
            &rows.take(ROWS).map(row).collect::<Vec<_>>(),
        );
    }

    fn timers(&self, page: &mut Page) {
        let rows = self.analysis.timers.iter().filter(|row| row.count >= MANY);
        let row = |row: &TimerRow| {
            vec![
                units::count(row.count),
                bytes(row.retained_bytes),
                format!("{}  {}", row.kind, place(&row.location)),
            ]
        };
        page.table("timer set for", &["set", "retained"], &rows.take(ROWS).map(row).collect::<Vec<_>>());
    }

    fn closures(&self, page: &mut Page) {
        let is_program = |location: &Location| !location.file.starts_with("node:");
        let rows = self.analysis.closures.iter().filter(|row| row.count >= MANY && is_program(&row.location));
        let row =
            |row: &ClosureRow| vec![units::count(row.count), bytes(row.retained_bytes), place(&row.location)];
        page.table(
            "functions made at",
            &["alive", "retained"],
            &rows.take(ROWS).map(row).collect::<Vec<_>>(),
        );
    }

    fn routes(&self, page: &mut Page) {
        let row = |row: &RouteMemory| {
            vec![
                units::count(row.requests),
                units::count(row.suspended),
                bytes(row.retained_bytes),
                row.route.clone(),
            ]
        };
        let rows: Vec<_> = self.analysis.routes.iter().take(ROWS).map(row).collect();
        page.table("route", &["requests", "suspended", "retained"], &rows);
    }

    fn contexts(&self, page: &mut Page) {
        let contexts = &self.analysis.contexts;
        let title =
            format!("contexts (vm): {} in {}", bytes(contexts.retained_bytes), units::count(contexts.count));
        let row = |row: &ContextRow| vec![bytes(row.retained_bytes), row.path.clone()];
        page.table(&title, &["retained"], &contexts.biggest.iter().take(ROWS).map(row).collect::<Vec<_>>());
    }

    fn strings(&self, page: &mut Page) {
        let rows =
            self.analysis.duplicate_strings.biggest.iter().filter(|row| row.wasted_bytes >= self.worth);
        let row = |row: &DuplicateString| {
            let text = row.text.split_whitespace().collect::<Vec<_>>().join(" ");
            vec![units::count(row.count), bytes(row.wasted_bytes), format!("\"{text}\"")]
        };
        page.table("duplicate string", &["copies", "wasted"], &rows.take(ROWS).map(row).collect::<Vec<_>>());
    }

    fn buffers(&self, page: &mut Page) {
        let buffers = &self.analysis.buffers;
        let title = format!("buffers: {} in {}", bytes(buffers.bytes), units::count(buffers.count));
        let rows = buffers.biggest.iter().filter(|row| row.bytes >= self.worth);
        let row = |row: &BufferRow| vec![bytes(row.bytes), row.path.clone()];
        page.table(&title, &["bytes"], &rows.take(ROWS).map(row).collect::<Vec<_>>());
    }

    fn classes(&self, page: &mut Page) {
        let rows = self.analysis.summary.classes.iter().take(ROWS).map(|row| {
            let place = row.constructor.as_ref().map(|at| format!("  {}", line_of(at))).unwrap_or_default();
            vec![
                units::count(row.count),
                bytes(row.shallow_bytes),
                bytes(row.retained_bytes),
                format!("{}{place}", row.name),
            ]
        });
        page.table("class", &["objects", "shallow", "retained"], &rows.collect::<Vec<_>>());
    }

    fn packages(&self, page: &mut Page) {
        let rows = self.analysis.packages.iter().filter(|row| row.retained_bytes >= self.worth).take(ROWS);
        let row = |row: &PackageRow| vec![bytes(row.retained_bytes), row.name.clone()];
        page.table("package", &["retained"], &rows.map(row).collect::<Vec<_>>());
    }

    fn modules(&self, page: &mut Page) {
        let rows = self.analysis.modules.iter().filter(|row| row.retained_bytes >= self.worth).take(ROWS);
        let row = |row: &ModuleRow| vec![bytes(row.retained_bytes), row.file.clone()];
        page.table("module", &["retained"], &rows.map(row).collect::<Vec<_>>());
    }
}
