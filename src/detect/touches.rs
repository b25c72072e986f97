//! What the application's code does to what holds a leak, and what of it limits that.

use std::path::{Path, PathBuf};

use super::anchor::Anchor;
use super::site::{Site, site};
use super::sites::MAX_FILES;
use crate::source::{FunctionId, Limit, SourceCache, Touch, TouchKind, is_of_application};

/// What of an anchor a place in the source touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// What it names.
    Itself,
    /// The entries of that.
    Entries,
    /// What is in its entries: of how many of those there are, that has no limit.
    Below,
}

impl Level {
    fn includes(self, touch: &Touch) -> bool {
        match self {
            Level::Itself => !touch.is_of_entry(),
            Level::Entries => touch.is_of_entry(),
            Level::Below => touch.is_of_entry() || !matches!(touch.limit, Some(Limit::Size | Limit::Room)),
        }
    }
}

/// What the application's own code does to what `anchor` names: where, and whether by size or by a timer. Of a
/// dependency's code nobody knows which of it this application uses.
pub fn application_touches(
    sources: &mut SourceCache,
    scripts: &[PathBuf],
    anchor: &Anchor,
    level: Level,
) -> Vec<(Site, Option<Limit>)> {
    if sources.dependency(anchor.file()).is_some() {
        return Vec::new();
    }
    let mut found = touches_at_home(sources, anchor, level);
    for file in scripts.iter().take(MAX_FILES) {
        if file == anchor.file() || sources.dependency(file).is_some() {
            continue;
        }
        let Some(source) = sources.file(file) else { continue };
        let touches = anchor.touches_from_afar(&source).into_iter().filter(|touch| level.includes(touch));
        found.extend(touches.map(|touch| (site(file, &source, touch.at, touch.function), touch.clone())));
    }
    let limits: Vec<Option<Limit>> = found
        .iter()
        .map(|(site, touch)| {
            let is_deeper = level == Level::Below && !touch.is_of_entry();
            let limit = touch.limit.or_else(|| (!is_deeper).then(|| left_to(sources, scripts, touch))?);
            limit.filter(|&limit| {
                matches!(limit, Limit::Timer | Limit::Turnover)
                    || !is_unused(sources, scripts, (&site.file, touch), &found)
            })
        })
        .collect();
    found.into_iter().zip(limits).map(|((site, _), limit)| (site, limit)).collect()
}

/// Does a touch stand in a function that nobody calls: whose name no file of the application says, and which adds nothing,
/// so that it need not run for there to be something?
fn is_unused(
    sources: &mut SourceCache,
    scripts: &[PathBuf],
    (file, touch): (&Path, &Touch),
    touches: &[(Site, Touch)],
) -> bool {
    let Some(source) = sources.file(file) else { return false };
    let around = std::iter::successors(touch.function, |&id| source.function(id).parent);
    let adds = |function: FunctionId| {
        let here = touches.iter().filter(|(site, other)| site.file == file && other.kind == TouchKind::Adds);
        here.filter_map(|(_, other)| other.function).any(|inner| source.is_within(inner, function))
    };
    let by_name = around.filter(|&id| source.function(id).by_name && !adds(id));
    let names: Vec<String> = by_name.filter_map(|id| source.function(id).name.clone()).collect();
    let files: Vec<&PathBuf> =
        scripts.iter().filter(|file| is_of_application(file)).take(MAX_FILES).collect();
    names.iter().any(|name| {
        let mut says_it = files.iter().filter_map(|file| sources.file(file));
        !source.mentions.contains(name) && !says_it.any(|source| source.mentions.contains(name))
    })
}

/// What the functions that a touch is left to limit it by; they may stand in any of the application's files.
fn left_to(sources: &mut SourceCache, scripts: &[PathBuf], touch: &Touch) -> Option<Limit> {
    if touch.left_to.is_empty() {
        return None;
    }
    let files: Vec<_> = scripts.iter().filter(|file| is_of_application(file)).take(MAX_FILES).collect();
    files.into_iter().find_map(|file| {
        let source = sources.file(file)?;
        touch.left_to.iter().find_map(|parameter| match touch.kind {
            TouchKind::Passes => source.trimmed.get(parameter).copied(),
            _ => source.measured.contains(parameter).then_some(Limit::Size),
        })
    })
}

/// What the file that `anchor` stands in does to it, or to its entries.
pub fn own_touches(sources: &mut SourceCache, anchor: &Anchor, level: Level) -> Vec<(Site, Option<Limit>)> {
    let touches = touches_at_home(sources, anchor, level).into_iter();
    touches.map(|(site, touch)| (site, touch.limit)).collect()
}

fn touches_at_home(sources: &mut SourceCache, anchor: &Anchor, level: Level) -> Vec<(Site, Touch)> {
    let file = anchor.file();
    let Some(source) = sources.file(file) else { return Vec::new() };
    let touches = anchor.touches_at_home(&source).into_iter().filter(|touch| level.includes(touch));
    touches.map(|touch| (site(file, &source, touch.at, touch.function), touch.clone())).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_a_function_would_take_out_limits_nothing_when_nobody_calls_it() {
        let folder = std::env::temp_dir().join(format!("leakwatch-touches-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let store = "class Store {\n  add(k) { this.kept.set(k, 1); }\n  prune() { if (this.kept.size > 9) this.kept.clear(); }\n}\n";
        let written = |name: &str, text: &str| {
            fs::write(folder.join(name), text).expect("a file");
            folder.join(name)
        };
        let limits = |app: &str| {
            let scripts = [written("app.js", app), written("store.js", store)];
            let anchor = Anchor::Property { file: scripts[1].clone(), name: "kept".into() };
            let touches = application_touches(&mut SourceCache::default(), &scripts, &anchor, Level::Itself)
                .into_iter();
            touches.filter_map(|(site, limit)| Some((limit?, site.at.line))).collect::<Vec<_>>()
        };
        let many = "const f = () => () => () => () => store.kept.set(1, 2);\n";
        assert_eq!(limits(many), []);
        assert_eq!(limits(&format!("{many}onIdle(() => store.prune());\n")), [(Limit::Size, 3)]);
        fs::remove_dir_all(&folder).expect("the folder");
    }
}
