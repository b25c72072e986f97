//! Where what holds a leak is declared.

use std::path::{Component, Path, PathBuf};

use super::anchor::{Anchor, declared};
use super::site::{Site, site};
use crate::source::{SourceCache, TouchKind, Variable};

/// The declaration of the nearest variable; the application's own when it was made by the dependency that holds.
pub fn held_at(sources: &mut SourceCache, anchors: &[Anchor]) -> Option<Site> {
    let holder = anchors.first().and_then(|anchor| sources.dependency(anchor.file()));
    let mut nearest = None;
    for (at, anchor) in anchors.iter().enumerate() {
        let Anchor::Variable { file, name, function } = anchor else { continue };
        let Some(source) = sources.file(file) else { continue };
        let Some(variable) = declared(&source, name, *function) else { continue };
        let below = at.checked_sub(1).map(|below| anchors[below].name());
        let declared = exported_at(sources, file, variable, below)
            .unwrap_or_else(|| site(file, &source, variable.declared, variable.function));
        let made_by_holder = match (&holder, &variable.from) {
            (Some(package), Some(from)) => package.is_imported_as(from),
            (holder, _) => holder.is_none(),
        };
        if sources.dependency(file).is_none() && made_by_holder {
            return Some(declared);
        }
        nearest = nearest.or(Some(declared));
    }
    nearest
}

/// Where the module that `variable` of `file` is imported from makes it, or makes the property `below` of it.
fn exported_at(
    sources: &mut SourceCache,
    file: &Path,
    variable: &Variable,
    below: Option<&str>,
) -> Option<Site> {
    const MAX_MODULES: usize = 4;
    let names: Vec<&str> = below.into_iter().chain([variable.name.as_str()]).collect();
    let imported_from = |variable: &Variable| variable.from.clone().filter(|_| variable.is_imported);
    let (mut file, mut from) = (file.to_owned(), imported_from(variable)?);
    let mut found = None;
    for _ in 0..MAX_MODULES {
        let Some(module) = module(sources, &file, &from) else { break };
        let Some(source) = sources.file(&module) else { break };
        let own = |name: &&str| source.variables.iter().find(|v| v.name == **name && v.function.is_none());
        let variable = names.iter().find_map(own);
        let assigned = |name: &str| {
            let touches = source.properties.get(name).into_iter().flatten();
            // The last one: what TypeScript writes first says only that there will be one.
            touches.into_iter().rfind(|touch| touch.kind == TouchKind::Assigns && touch.function.is_none())
        };
        let at = variable.map(|variable| variable.declared);
        let at = at.or_else(|| names.iter().find_map(|name| assigned(name)).map(|touch| touch.at));
        let at =
            at.or_else(|| assigned("exports").filter(|touch| touch.through.is_empty()).map(|touch| touch.at));
        let Some(at) = at else { break };
        found = Some(site(&module, &source, at, None));
        match variable.and_then(imported_from) {
            Some(next) => (file, from) = (module, next),
            None => break,
        }
    }
    found
}

/// The application's file that `from`, a relative path, stands for in `file`.
fn module(sources: &mut SourceCache, file: &Path, from: &str) -> Option<PathBuf> {
    const ENDINGS: [&str; 7] = ["", ".js", ".cjs", ".mjs", ".ts", "/index.js", "/index.ts"];
    if !from.starts_with('.') {
        return None;
    }
    let mut path = file.parent()?.to_owned();
    for part in Path::new(from).components() {
        match part {
            Component::ParentDir => _ = path.pop(),
            Component::CurDir => {}
            other => path.push(other),
        }
    }
    let path = path.to_string_lossy().into_owned();
    let mut candidates = ENDINGS.iter().map(|ending| PathBuf::from(format!("{path}{ending}")));
    candidates.find(|candidate| sources.file(candidate).is_some())
}
