//! What a report calls the holder: the variable or property that a person can change. What a library keeps inside its
//! objects is told by the name that holds the library's object.

use std::path::PathBuf;

use super::advice::holder_name;
use super::holder::{HolderPath, Start};
use super::steps::PathReader;
use crate::heap::{EdgeIndex, HeapGraph, NodeIndex, NodeType};
use crate::report::Step;
use crate::source::{SourceCache, TouchKind, path_of_script};

/// A holder as a report tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answerable {
    /// The variable or property.
    pub name: Option<String>,
    /// The class of the dependency's object that the growth is a part of: the one that is called so, else the outermost
    /// of the dependency nearest to the leak.
    pub class: Option<String>,
}

/// Whose an object is, by the file that defines its class or by its own, if it is a function.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    Application,
    Dependency,
    Node,
    /// Of one of the language's own classes.
    Anyones,
}

/// Who holds what hangs at the end of `path` and `down`; `steps` are those of both.
pub fn answerable(
    reader: &PathReader,
    (path, down): (&HolderPath, &[EdgeIndex]),
    steps: &[Step],
    sources: &mut SourceCache,
    scripts: &[PathBuf],
) -> Answerable {
    let mut found = Answerable::default();
    let (mut kept_by, mut is_named) = (None, false);
    let mut inside = match path.start {
        Start::Internal(_) => Whose::Node,
        _ => Whose::Application,
    };
    for &edge in path.edges.iter().chain(down.iter().take(1)) {
        let is_kept_inside = matches!(inside, Whose::Dependency | Whose::Node);
        let target = reader.graph().edge_target(edge);
        let package = package_of(reader.graph(), target, sources);
        let name = reader.name_in_source(edge);
        if let Some(name) = name.filter(|name| !is_kept_inside || fills(name, sources, scripts)) {
            found.name = Some(name);
            is_named = package.is_some();
            kept_by = None;
        }
        match whose(reader.graph(), target, sources) {
            Whose::Anyones => {}
            whose => inside = whose,
        }
        if inside == Whose::Application {
            (found.class, kept_by, is_named) = (None, None, false);
        } else if package.is_some() && kept_by != package && !(is_named && kept_by.is_some()) {
            found.class = Some(reader.graph().name(target).into_owned());
            kept_by = package;
        }
    }
    found.name = found.name.or_else(|| holder_name(steps));
    found
}

/// The dependency whose class an object is of.
fn package_of(graph: &HeapGraph, object: NodeIndex, sources: &mut SourceCache) -> Option<String> {
    let class = graph.location_of(object).filter(|_| graph.node_type(object) == NodeType::Object)?;
    Some(sources.dependency(&path_of_script(&class.file)?)?.name)
}

fn whose(graph: &HeapGraph, object: NodeIndex, sources: &mut SourceCache) -> Whose {
    let Some(class) = graph.location_of(object) else { return Whose::Anyones };
    match path_of_script(&class.file) {
        None => Whose::Node,
        Some(file) if sources.dependency(&file).is_some() => Whose::Dependency,
        Some(_) => Whose::Application,
    }
}

/// Does the application's own code put something into a property called like this?
fn fills(name: &str, sources: &mut SourceCache, scripts: &[PathBuf]) -> bool {
    scripts.iter().any(|file| {
        let source = if sources.dependency(file).is_none() { sources.file(file) } else { None };
        let touches = source.iter().flat_map(|source| source.properties.get(name)).flatten();
        touches.into_iter().any(|touch| touch.kind == TouchKind::Adds)
    })
}
