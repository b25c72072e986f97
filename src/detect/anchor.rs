//! Names on a retainer path, and what the source does to what is called so.

use std::path::{Path, PathBuf};

use crate::source::{Position, SourceFile, Touch, Variable};

/// Something on a retainer path that has a name in the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// A variable that a function's context keeps.
    Variable {
        /// The file of the functions that share the context.
        file: PathBuf,
        /// The variable.
        name: String,
        /// Where the function it belongs to starts; `None` for a module's variable.
        function: Option<Position>,
    },
    /// A property of an object whose class is defined in `file`.
    Property {
        /// The file that defines the class.
        file: PathBuf,
        /// The property.
        name: String,
    },
    /// A property of the global object or of `process`, which any file may name.
    Global {
        /// The property.
        name: String,
    },
}

impl Anchor {
    /// Is it this variable of this file?
    pub fn is_variable(&self, in_file: &Path, called: &str) -> bool {
        matches!(self, Anchor::Variable { file, name, .. } if file == in_file && name == called)
    }

    /// The file its name stands in; an empty path for a global.
    pub fn file(&self) -> &Path {
        match self {
            Anchor::Variable { file, .. } | Anchor::Property { file, .. } => file,
            Anchor::Global { .. } => Path::new(""),
        }
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        match self {
            Anchor::Variable { name, .. } | Anchor::Property { name, .. } | Anchor::Global { name } => name,
        }
    }

    /// What its own file does to it.
    pub fn touches_at_home<'s>(&self, source: &'s SourceFile) -> Vec<&'s Touch> {
        match self {
            Anchor::Variable { name, function, .. } => {
                declared(source, name, *function).into_iter().flat_map(|variable| &variable.touches).collect()
            }
            Anchor::Property { name, .. } => source.properties.get(name).into_iter().flatten().collect(),
            Anchor::Global { .. } => Vec::new(),
        }
    }

    /// What another file than its own does to a property called like it, and to what it imports by that name.
    pub fn touches_from_afar<'s>(&self, source: &'s SourceFile) -> Vec<&'s Touch> {
        let imported = |variable: &&Variable| {
            variable.name == self.name() && variable.from.as_deref().is_some_and(|from| from.starts_with('.'))
        };
        let variables = source.variables.iter().filter(imported).flat_map(|variable| &variable.touches);
        source.properties.get(self.name()).into_iter().flatten().chain(variables).collect()
    }
}

/// The variable called so that `function` sees, which starts there; a module's own where there is none.
pub fn declared<'s>(source: &'s SourceFile, name: &str, function: Option<Position>) -> Option<&'s Variable> {
    source.variable(name, function.and_then(|at| source.function_starting_at(at)))
}
