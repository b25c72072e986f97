//! What a report calls the holder: the variable or property that a person can change. What a library keeps inside its
//! objects is told by the name that holds the library's object.

use std::path::PathBuf;

use super::advice::holder_name;
use super::holder::{HolderPath, Start};
use super::steps::PathReader;
use crate::heap::{EdgeIndex, HeapGraph, Hold, NodeIndex, NodeType};
use crate::report::Step;
use crate::source::{PackageOf, SourceCache, Touch, TouchKind, is_of_application, path_of_script};

/// A holder as a report tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answerable {
    /// The variable or property.
    pub name: Option<String>,
    /// The class of the dependency's object that the growth is a part of: the one that is called so, else the outermost
    /// of the dependency nearest to the leak.
    pub class: Option<String>,
    /// The dependency that made what the name refers to, when that is a variable of the application's.
    pub package: Option<PackageOf>,
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
    let mut name = None;
    let mut made_by = None;
    let mut keeper = Keeper::default();
    let mut inside = match path.start {
        Start::Internal(_) => Whose::Node,
        _ => Whose::Application,
    };
    for &edge in path.edges.iter().chain(down.iter().take(1)) {
        let is_kept_inside = matches!(inside, Whose::Dependency | Whose::Node);
        let called = reader.name_in_source(edge);
        let is_symbol = |name: &str| name.starts_with("Symbol(");
        let called =
            called.filter(|called| !(is_kept_inside || is_symbol(called)) || fills(called, sources, scripts));
        let target = reader.graph().edge_target(edge);
        let is_called = called.is_some();
        if is_called {
            made_by = maker(reader.graph(), edge, sources);
        }
        match whose(reader.graph(), target) {
            Whose::Anyones if is_called && made_by.is_some() => inside = Whose::Dependency,
            Whose::Anyones => {}
            whose => inside = whose,
        }
        let package = package_of(reader.graph(), target, sources);
        if is_called {
            keeper.leave();
        }
        if inside == Whose::Application {
            keeper = Keeper::default();
        } else if let Some(package) = package {
            keeper.meet(reader.graph().name(target).into_owned(), package, is_called);
        }
        name = called.or(name);
    }
    Answerable { name: name.or_else(|| holder_name(steps)), class: keeper.class, package: made_by }
}

/// The dependency that made what a variable of the application's refers to; `None` for plain objects that the
/// application fills itself.
fn maker(graph: &HeapGraph, edge: EdgeIndex, sources: &mut SourceCache) -> Option<PackageOf> {
    let Hold::Variable(scope) = graph.hold_of(edge) else { return None };
    let file = path_of_script(&scope.file?).filter(|file| is_of_application(file))?;
    let source = sources.file(&file)?;
    let variable = source.variable(&graph.edge_name(edge).to_string(), None)?;
    let is_plain = whose(graph, graph.edge_target(edge)) == Whose::Anyones;
    let fills = |touch: &Touch| touch.kind == TouchKind::Adds;
    match &variable.from {
        Some(module) if !(is_plain && variable.touches.iter().any(fills)) => sources.installed(&file, module),
        _ => None,
    }
}

/// Which of the dependencies' objects on the way down tells the growth.
#[derive(Default)]
struct Keeper {
    class: Option<String>,
    package: Option<String>,
    /// It is what the answerable name refers to.
    is_named: bool,
}

impl Keeper {
    /// An answerable name: what comes below is not a part of what was met above it.
    fn leave(&mut self) {
        (self.package, self.is_named) = (None, false);
    }

    /// The next object of a dependency's; `is_named`: an answerable name refers to it.
    fn meet(&mut self, class: String, package: String, is_named: bool) {
        let is_part = self.is_named || self.package.as_ref() == Some(&package);
        if !is_part {
            *self = Self { class: Some(class), package: Some(package), is_named };
        }
    }
}

/// The dependency whose class an object is of.
fn package_of(graph: &HeapGraph, object: NodeIndex, sources: &mut SourceCache) -> Option<String> {
    let class = graph.location_of(object).filter(|_| graph.node_type(object) == NodeType::Object)?;
    Some(sources.dependency(&path_of_script(&class.file)?)?.name)
}

fn whose(graph: &HeapGraph, object: NodeIndex) -> Whose {
    let Some(class) = graph.location_of(object) else { return Whose::Anyones };
    match path_of_script(&class.file) {
        None => Whose::Node,
        Some(file) if is_of_application(&file) => Whose::Application,
        Some(_) => Whose::Dependency,
    }
}

/// Does the application's own code put something into a property called like this?
fn fills(name: &str, sources: &mut SourceCache, scripts: &[PathBuf]) -> bool {
    scripts.iter().filter(|file| is_of_application(file)).any(|file| {
        let source = sources.file(file);
        let touches = source.iter().flat_map(|source| source.properties.get(name)).flatten();
        touches.into_iter().any(|touch| touch.kind == TouchKind::Adds)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The class that tells growth below these objects: class, dependency, whether the application's name refers to it.
    fn kept_by(objects: &[(&str, &str, bool)]) -> Option<String> {
        let mut keeper = Keeper::default();
        for &(class, package, is_named) in objects {
            if is_named {
                keeper.leave();
            }
            keeper.meet(class.to_owned(), package.to_owned(), is_named);
        }
        keeper.class
    }

    #[test]
    fn a_dependency_is_told_by_its_outermost_object_and_not_by_those_inside() {
        assert_eq!(kept_by(&[("Cache", "memo", false), ("Hash", "memo", false)]).as_deref(), Some("Cache"));
    }

    #[test]
    fn the_dependency_nearest_to_the_leak_tells_unless_the_application_names_another() {
        let store = ("Store", "session", false);
        assert_eq!(kept_by(&[("Layer", "router", false), store]).as_deref(), Some("Store"));
        assert_eq!(
            kept_by(&[("Logger", "logs", true), ("State", "streams", false)]).as_deref(),
            Some("Logger")
        );
        assert_eq!(
            kept_by(&[("Logger", "logs", true), ("Store", "session", true)]).as_deref(),
            Some("Store")
        );
        assert_eq!(kept_by(&[]), None);
    }
}
