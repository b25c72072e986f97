//! Why an object is alive.

use anstyle::Style;

use super::{bytes, line_of};
use crate::heap::analysis::{PathStep, WhyAlive, WhyPath};
use crate::report::page::{Page, TextOptions};
use crate::report::units;

/// Of a longer path the middle is left out.
const MAX_STEPS: usize = 24;

/// The paths as text, ending in a newline.
pub fn render_why(why: &WhyAlive, options: TextOptions) -> String {
    let mut page = Page::new(options).in_folder(why.folder.as_deref());
    let name = page.styled(&page.clean(&why.class_name), Style::new().bold());
    let place = why.location.as_ref().map(|at| format!("  {}", page.clean(&line_of(at)))).unwrap_or_default();
    page.line(&format!("{name}  id {}{place}", why.id));
    let one_of = match why.class_count {
        0 | 1 => "the only one".to_owned(),
        count => format!("one of {}", units::count(count)),
    };
    page.line(&format!(
        "{one_of}; retains {}, {} of its own",
        bytes(why.retained_bytes),
        bytes(why.shallow_bytes)
    ));
    if why.paths.is_empty() {
        page.line("");
        page.line("Nothing holds it: only weak references lead here, and the collector may take it.");
    }
    for (index, one) in why.paths.iter().enumerate() {
        page.heading(&format!("{}. {}", index + 1, page.clean(&one.text)));
        steps(&mut page, one);
    }
    page.finish()
}

/// The program's part, without V8's own links.
fn steps(page: &mut Page, path: &WhyPath) {
    let part = &path.steps[path.program_part..];
    let told = |(at, step): (usize, &PathStep)| {
        let link = || (at + 1 == part.len()).then(|| format!("V8's link `{}`", step.name));
        let target = page.clean(&format!("{} @{}", step.class_name, step.id));
        Some((page.clean(&step.reason.clone().or_else(link)?), target))
    };
    let rows: Vec<(String, String)> = part.iter().enumerate().filter_map(told).collect();
    let (front, back) = if rows.len() > MAX_STEPS { (MAX_STEPS / 2, MAX_STEPS / 2) } else { (rows.len(), 0) };
    for row in &rows[..front] {
        step(page, row);
    }
    if back > 0 {
        page.line(&format!("   … {} more …", rows.len() - front - back));
        for row in &rows[rows.len() - back..] {
            step(page, row);
        }
    }
}

fn step(page: &mut Page, (reason, target): &(String, String)) {
    let target = page.styled(target, Style::new().dimmed());
    page.line(&format!("   {reason}  → {target}"));
}
