//! Which file a script is, whose package it belongs to, and its facts: read once, kept.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::facts::SourceFile;
use super::scan;

/// Larger files are bundles or generated; parsing them would cost more than their lines are worth.
const MAX_SOURCE_BYTES: u64 = 4 << 20;

/// The package a file belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageOf {
    /// Name in its `package.json`.
    pub name: String,
    /// Version in its `package.json`; empty when it has none.
    pub version: String,
    /// The folder that holds the `package.json`.
    pub root: PathBuf,
}

impl PackageOf {
    /// Is it what `import` and `require` find by this name, or a part of it?
    pub fn is_imported_as(&self, module: &str) -> bool {
        module.strip_prefix(&self.name).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

/// Parsed files and package look-ups, each done once.
#[derive(Default)]
pub struct SourceCache {
    files: HashMap<PathBuf, Option<Arc<SourceFile>>>,
    packages: HashMap<PathBuf, Option<PackageOf>>,
}

impl SourceCache {
    /// The facts of the file at `path`; `None` when it cannot be read or parsed.
    pub fn file(&mut self, path: &Path) -> Option<Arc<SourceFile>> {
        self.files.entry(path.to_owned()).or_insert_with(|| read(path).map(Arc::new)).clone()
    }

    /// The dependency that `file` gets when it imports `module`; `None` for files and for what is Node's own.
    pub fn installed(&mut self, file: &Path, module: &str) -> Option<PackageOf> {
        let parts = if module.starts_with('@') { 2 } else { 1 };
        let name: PathBuf = module.split('/').take(parts).collect();
        if module.starts_with(['.', '/']) || module.starts_with("node:") {
            return None;
        }
        let folders = file.ancestors().skip(1).map(|folder| folder.join("node_modules").join(&name));
        let found = folders.map(|root| root.join("package.json")).find(|manifest| manifest.is_file())?;
        self.dependency(&found)
    }

    /// The dependency that `path` belongs to; `None` for the application's own files.
    pub fn dependency(&mut self, path: &Path) -> Option<PackageOf> {
        let root = package_root(path)?;
        self.packages.entry(root.clone()).or_insert_with(|| Some(read_package(&root))).clone()
    }
}

/// The path of a script as V8 names it: a path, or a `file://` URL. `None` for `node:` and evaluated code.
pub fn path_of_script(name: &str) -> Option<PathBuf> {
    if let Some(rest) = name.strip_prefix("file://") {
        return Some(PathBuf::from(percent_decoded(rest.split(['?', '#']).next().unwrap_or(rest))));
    }
    Path::new(name).is_absolute().then(|| PathBuf::from(name))
}

/// Is this a file of the application, neither a dependency's nor Node's own?
pub fn is_of_application(file: &Path) -> bool {
    file.is_absolute() && package_root(file).is_none()
}

fn read(path: &Path) -> Option<SourceFile> {
    if fs::metadata(path).ok()?.len() > MAX_SOURCE_BYTES {
        return None;
    }
    scan::scan(&fs::read_to_string(path).ok()?, path)
}

/// The folder of the innermost package under a `node_modules` folder in `path`.
fn package_root(path: &Path) -> Option<PathBuf> {
    let parts: Vec<_> = path.components().collect();
    let modules = parts.iter().rposition(|part| part.as_os_str() == "node_modules")?;
    let name = parts.get(modules + 1)?.as_os_str().to_string_lossy();
    let length = if name.starts_with('@') { 2 } else { 1 };
    Some(parts.get(..modules + 1 + length)?.iter().collect())
}

fn read_package(root: &Path) -> PackageOf {
    let manifest = fs::read(root.join("package.json")).ok();
    let json: serde_json::Value =
        manifest.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
    let text = |key: &str| json.get(key).and_then(|value| value.as_str()).map(str::to_owned);
    PackageOf {
        name: text("name").unwrap_or_else(|| folder_name(root)),
        version: text("version").unwrap_or_default(),
        root: root.to_owned(),
    }
}

fn folder_name(root: &Path) -> String {
    let mut names = root.components().rev().map(|part| part.as_os_str().to_string_lossy().into_owned());
    let name = names.next().unwrap_or_default();
    match names.next() {
        Some(scope) if scope.starts_with('@') => format!("{scope}/{name}"),
        _ => name,
    }
}

pub(super) fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        match hex.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                decoded.push(byte);
                at += 3;
            }
            None => {
                decoded.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_a_path_or_a_file_url() {
        assert_eq!(path_of_script("/app/a.js"), Some(PathBuf::from("/app/a.js")));
        assert_eq!(path_of_script("file:///app/a%20b.mjs?x=1"), Some(PathBuf::from("/app/a b.mjs")));
        assert_eq!(path_of_script("node:internal/timers"), None);
        assert_eq!(path_of_script("evalmachine.<anonymous>"), None);
    }

    #[test]
    fn the_innermost_package_owns_a_file() {
        let root = |path: &str| package_root(Path::new(path));
        assert_eq!(root("/a/node_modules/x/lib/i.js"), Some(PathBuf::from("/a/node_modules/x")));
        assert_eq!(
            root("/a/node_modules/x/node_modules/@s/y/i.js"),
            Some(PathBuf::from("/a/node_modules/x/node_modules/@s/y"))
        );
        assert_eq!(root("/a/lib/i.js"), None);
    }
}
