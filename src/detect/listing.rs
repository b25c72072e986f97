//! What is alive, for people: who made it, and how many more there are than the last time they looked.

use std::collections::HashMap;
use std::path::Path;

use serde::Deserialize;

use super::input::{Frame, ResourceGroup};
use super::steps::shown;
use crate::report::ResourceLine;
use crate::source::SourceCache;

/// Two looks at the resources of a process.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Listing {
    /// The application's working folder.
    pub cwd: String,
    /// What is alive now.
    pub resources: Vec<ResourceGroup>,
    /// What was alive the last time.
    pub before: Vec<ResourceGroup>,
    /// Minutes since then; `None` the first time.
    pub minutes: Option<f64>,
}

/// A line for each group; those that grew most first, then the largest.
pub fn listing(seen: &Listing, sources: &mut SourceCache) -> Vec<ResourceLine> {
    let cwd = Path::new(&seen.cwd);
    let before = totals(&seen.before);
    let mut lines: Vec<ResourceLine> = seen
        .resources
        .iter()
        .map(|group| {
            let growth = group.count as i64 - before.get(&key(group)).copied().unwrap_or(0) as i64;
            ResourceLine {
                kind: group.kind.clone(),
                name: group.name.clone(),
                holder: group.holder.clone(),
                count: group.count,
                growth: seen.minutes.map(|_| growth),
                per_minute: seen
                    .minutes
                    .filter(|&minutes| minutes > 0.0)
                    .map(|minutes| growth as f64 / minutes),
                oldest_seconds: group.oldest_ms / 1000.0,
                origin: origin(&group.site, cwd, sources),
                routes: group.routes.iter().map(|row| (row.route.clone(), row.count)).collect(),
            }
        })
        .collect();
    lines.sort_by(|a, b| {
        b.growth.cmp(&a.growth).then(b.count.cmp(&a.count)).then_with(|| a.name.cmp(&b.name))
    });
    lines
}

/// Who made something: `routes/orders.js:31 in place`, or, when a dependency did for the application,
/// `pg-pool@3.6.1 lib/index.js:220, called from routes/orders.js:31`. `site` is innermost first; `None` when it is empty.
pub fn origin(site: &[Frame], cwd: &Path, sources: &mut SourceCache) -> Option<String> {
    let first = site.first()?;
    let Some(package) = sources.dependency(Path::new(&first.file)) else {
        let function = first.function.as_ref().map(|name| format!(" in {name}")).unwrap_or_default();
        return Some(format!("{}{function}", place(first, cwd)));
    };
    let file = Path::new(&first.file);
    let inside = file.strip_prefix(&package.root).unwrap_or(file).display();
    let dependency = format!("{}@{} {inside}:{}", package.name, package.version, first.line);
    let caller = site.iter().find(|frame| sources.dependency(Path::new(&frame.file)).is_none());
    Some(match caller {
        Some(caller) => format!("{dependency}, called from {}", place(caller, cwd)),
        None => dependency,
    })
}

fn place(frame: &Frame, cwd: &Path) -> String {
    format!("{}:{}", shown(Path::new(&frame.file), cwd), frame.line)
}

type Key<'a> = (&'a str, &'a str, Option<&'a str>, Vec<(&'a str, u32, u32)>);

fn key(group: &ResourceGroup) -> Key<'_> {
    let site = group.site.iter().map(|frame| (frame.file.as_str(), frame.line, frame.column)).collect();
    (&group.kind, &group.name, group.holder.as_deref(), site)
}

fn totals(groups: &[ResourceGroup]) -> HashMap<Key<'_>, u64> {
    let mut totals = HashMap::new();
    for group in groups {
        *totals.entry(key(group)).or_default() += group.count;
    }
    totals
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(file: &str, line: u32) -> Frame {
        Frame { file: file.into(), line, column: 1, function: Some("f".into()) }
    }

    fn group(name: &str, count: u64, line: u32) -> ResourceGroup {
        ResourceGroup {
            kind: "socket".into(),
            name: name.into(),
            count,
            site: vec![frame("/app/a.js", line)],
            ..Default::default()
        }
    }

    #[test]
    fn what_grew_most_comes_first_and_new_groups_grew_from_nothing() {
        let seen = Listing {
            cwd: "/app".into(),
            before: vec![group("a", 100, 1), group("b", 2, 1)],
            resources: vec![group("a", 101, 1), group("b", 8, 1), group("b", 4, 2)],
            minutes: Some(2.0),
        };
        let lines = listing(&seen, &mut SourceCache::default());
        let growth: Vec<_> =
            lines.iter().map(|line| (line.name.as_str(), line.growth, line.per_minute)).collect();
        assert_eq!(growth, [("b", Some(6), Some(3.0)), ("b", Some(4), Some(2.0)), ("a", Some(1), Some(0.5))]);
        let first = Listing { minutes: None, ..seen };
        assert!(listing(&first, &mut SourceCache::default()).iter().all(|line| line.growth.is_none()));
    }

    #[test]
    fn a_dependency_is_named_with_who_called_it() {
        let root = std::env::temp_dir().join(format!("leakwatch-origin-{}", std::process::id()));
        let package = root.join("node_modules/pg-pool");
        std::fs::create_dir_all(&package).unwrap();
        std::fs::write(package.join("package.json"), r#"{ "name": "pg-pool", "version": "3.6.1" }"#).unwrap();
        let at = |file: &str, line| frame(root.join(file).to_str().unwrap(), line);
        let inner = at("node_modules/pg-pool/lib/index.js", 220);
        let mut sources = SourceCache::default();
        let mut named = |site: &[Frame]| origin(site, &root, &mut sources).unwrap();
        assert_eq!(
            named(&[inner.clone(), at("routes/orders.js", 31)]),
            "pg-pool@3.6.1 lib/index.js:220, called from routes/orders.js:31"
        );
        assert_eq!(named(&[inner]), "pg-pool@3.6.1 lib/index.js:220");
        assert_eq!(named(&[at("app.js", 3)]), "app.js:3 in f");
        std::fs::remove_dir_all(root).unwrap();
        assert_eq!(origin(&[], Path::new("/"), &mut sources), None);
    }
}
