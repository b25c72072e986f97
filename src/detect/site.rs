//! Lines of source.

use std::path::{Path, PathBuf};

use crate::source::{FunctionId, Position, SourceFile};

/// A place in a file, absolute.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Site {
    /// The file.
    pub file: PathBuf,
    /// The place.
    pub at: Position,
    /// The function around it.
    pub function: Option<String>,
}

/// The place `at` in a file, and the nearest function around `function`, itself included, that has a name.
pub fn site(file: &Path, source: &SourceFile, at: Position, function: Option<FunctionId>) -> Site {
    let named = std::iter::successors(function, |&id| source.function(id).parent)
        .find_map(|id| source.function(id).name.clone());
    Site { file: file.to_owned(), at, function: named }
}
