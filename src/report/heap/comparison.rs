//! What grew between snapshots.

use anstyle::{AnsiColor, Style};

use super::{bytes, line_of, place, series};
use crate::heap::compare::{ClassDelta, Growth, MatchedBy, SnapshotComparison, Trend};
use crate::report::page::{Page, TextOptions, wrapped};
use crate::report::units;

/// Holders told at length.
const HOLDERS: usize = 3;
/// Kinds of objects told of a holder.
const CONTENTS: usize = 3;
/// Classes listed.
const CLASSES: usize = 8;

/// The comparison as text, ending in a newline.
pub fn render_comparison(comparison: &SnapshotComparison, options: TextOptions) -> String {
    let mut page = Page::new(options).in_folder(comparison.folder.as_deref());
    verdict(&mut page, comparison);
    let (slowing, growing): (Vec<&Growth>, Vec<&Growth>) =
        comparison.growth.iter().partition(|growth| growth.trend == Trend::Slowing);
    for (index, growth) in growing.iter().take(HOLDERS).enumerate() {
        holder(&mut page, index + 1, growth, comparison.same_process);
    }
    page.table(
        "also grew",
        &["bytes"],
        &growing.iter().skip(HOLDERS).map(|row| brief(row)).collect::<Vec<_>>(),
    );
    page.table(
        "grew and levelled off",
        &["bytes"],
        &slowing.iter().map(|row| brief(row)).collect::<Vec<_>>(),
    );
    classes(&mut page, &comparison.classes);
    page.line("");
    let how = if comparison.same_process {
        "Matched by object id: the snapshots are of one process."
    } else {
        "Matched by signature (who holds what, by name): the snapshots share no object ids."
    };
    for row in wrapped(how, page.width()) {
        page.line(&row);
    }
    page.finish()
}

fn verdict(page: &mut Page, comparison: &SnapshotComparison) {
    let count = comparison.total_bytes.len();
    let (word, color, rest) = match comparison.growth.first().map(|growth| growth.trend) {
        Some(Trend::Growing) => ("GROWING", AnsiColor::Red, format!("at every step of {count} snapshots")),
        Some(Trend::Grew) => {
            let shrank = comparison.total_bytes.last() < comparison.total_bytes.first();
            let parts = if shrank { "though only in parts: " } else { "" };
            let rest = format!("{parts}a third snapshot would tell whether it goes on");
            ("GREW", AnsiColor::Yellow, rest)
        }
        Some(Trend::Slowing) => ("LEVELS OFF", AnsiColor::Green, "nothing grows on".to_owned()),
        None => ("STEADY", AnsiColor::Green, "nothing grew at every step".to_owned()),
    };
    let word = page.styled(word, color.on_default().bold());
    page.line(&format!("{word}  {}, {rest}", series(&comparison.total_bytes, bytes)));
    if !comparison.in_order {
        page.line("The snapshots are not in the order they were taken: name the oldest first.");
    }
}

fn holder(page: &mut Page, number: usize, growth: &Growth, by_id: bool) {
    page.line("");
    let lead = growth.contents.first().filter(|content| content.class_name != growth.class_name);
    let held = lead.map(|content| format!("{} in ", content.class_name)).unwrap_or_default();
    let name = page.styled(&page.clean(&format!("{held}{}", growth.class_name)), Style::new().bold());
    let line = growth.contents.iter().find_map(|content| content.location.as_ref());
    let line = line.map(|location| format!("  {}", page.clean(&line_of(location)))).unwrap_or_default();
    page.line(&format!("{number}. {name}{line}"));
    page.field("grew", &format!("{}  (+{})", series(&growth.bytes, bytes), gained(&growth.bytes)));
    for (at, content) in growth.contents.iter().take(CONTENTS).enumerate() {
        let from =
            content.location.as_ref().map(|location| format!("  {}", place(location))).unwrap_or_default();
        let counts = series(&content.counts, units::count);
        page.field(if at == 0 { "more" } else { "" }, &format!("{}  {counts}{from}", content.class_name));
    }
    page.field("held by", &growth.path);
    if let Some(location) = &growth.location {
        page.field("defined at", &place(location));
    }
    if by_id && growth.matched_by == MatchedBy::Signature {
        page.field("matched", "by signature: at this place each snapshot has other objects");
    }
    page.field("id", &growth.id);
}

fn brief(growth: &Growth) -> Vec<String> {
    vec![series(&growth.bytes, bytes), growth.path.clone()]
}

fn classes(page: &mut Page, classes: &[ClassDelta]) {
    let grown = classes.iter().filter(|class| class.count[1] > class.count[0]).take(CLASSES);
    let rows: Vec<Vec<String>> = grown
        .map(|class| {
            let place = class.constructor.as_ref().map(|at| format!("  {}", line_of(at))).unwrap_or_default();
            vec![
                format!("+{}", units::count(class.count[1] - class.count[0])),
                units::count(class.count[1]),
                format!("+{}", gained(&class.retained_bytes)),
                format!("{}{place}", class.name),
            ]
        })
        .collect();
    page.table("class, first to last", &["more", "objects", "retained"], &rows);
}

fn gained(series: &[u64]) -> String {
    let (first, last) = (series.first().copied().unwrap_or(0), series.last().copied().unwrap_or(0));
    bytes(last.saturating_sub(first))
}
