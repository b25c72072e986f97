//! Places of a report as people wrote them: source maps applied to what is finished, because everything before reads the
//! code that runs.

use std::path::Path;

use super::steps::shown;
use crate::report::{Location, Report, StepKind, Suspect, location_text};
use crate::source::SourceMaps;

/// Tells every place of the report by its source, where a map says so.
pub fn as_written(mut report: Report, cwd: &str, maps: &SourceMaps) -> Report {
    let cwd = Path::new(cwd);
    suspects_as_written(&mut report.suspects, cwd, maps);
    for site in report.resources.iter_mut().filter_map(|row| row.site.as_mut()) {
        place(site, cwd, maps);
    }
    report
}

/// As [`as_written`], for suspects alone.
pub fn suspects_as_written(suspects: &mut [Suspect], cwd: &Path, maps: &SourceMaps) {
    for suspect in suspects {
        for at in suspect.created_at.iter_mut().chain(&mut suspect.held_at) {
            let before = location_text(at);
            if place(at, cwd, maps) {
                let now = location_text(at);
                for sentence in &mut suspect.evidence {
                    *sentence = sentence.replace(&before, &now);
                }
            }
        }
        for step in suspect.retainer_path.iter_mut().filter(|step| step.kind == StepKind::Module) {
            if let Some(source) = maps.only_source(&cwd.join(&step.name).to_string_lossy()) {
                step.name = shown(Path::new(&source), cwd);
            }
        }
    }
}

/// False when no map says anything of the place.
fn place(at: &mut Location, cwd: &Path, maps: &SourceMaps) -> bool {
    let script = cwd.join(&at.file);
    let Some(original) = maps.original(&script.to_string_lossy(), at.line, at.column) else { return false };
    at.file = shown(Path::new(&original.file), cwd);
    (at.line, at.column) = (original.line, original.column);
    true
}
