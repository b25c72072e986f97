//! What is known of one source file: functions, variables, properties, and the places that touch them.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::helpers::Parameter;

/// A place in a file. Lines and columns count from 1; columns count UTF-16 units, as V8 does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
}

/// Index into [`SourceFile::functions`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FunctionId(pub u32);

/// A function literal: declaration, expression, arrow, method or class constructor.
#[derive(Clone, Debug)]
pub struct Function {
    /// The name V8 would show, when the source gives one.
    pub name: Option<String>,
    /// Where the whole literal starts.
    pub start: Position,
    /// The position V8 reports for it: where an arrow function starts, where another's parameter list does.
    pub reported_at: Position,
    /// Where it ends.
    pub end: Position,
    /// The function around it; `None` at module level.
    pub parent: Option<FunctionId>,
    /// True when it runs only when somebody says its name: no method that a base class or a framework calls, no callback.
    pub by_name: bool,
}

/// How a place touches a variable or property, strongest reason for growth first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TouchKind {
    /// A call of a method that adds (`push`, `set`, `add`, `on` …), or an assignment to a computed index.
    Adds,
    /// An assignment to it or to one of its properties.
    Assigns,
    /// A call of another method of it, or of itself.
    Calls,
    /// It is handed to a call.
    Passes,
    /// It is read.
    Reads,
}

/// What decides that a place takes something out of what it touches, or puts something in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// How much is in it: `if (cache.size > MAX) cache.delete(oldest)`.
    Size,
    /// It is put in only while there is little: `if (log.length < MAX) log.push(line)`.
    Room,
    /// A timer: an interval that sweeps, or a timeout for each entry.
    Timer,
    /// A timer that takes all out, and puts back what it could not use.
    Turnover,
    /// A timeout that decides what it takes out, if anything: in a dependency's code, whose authors mean it to.
    Timeout,
    /// The clock, when something happens after a time: `if (Date.now() - sentAt > PERIOD) send()`.
    Clock,
    /// A comparison of each, by something that goes through all: `for (const [k, e] of m) if (e.until < now) m.delete(k)`.
    Each,
    /// A maximum that is given to the library that counts what it holds: `new Cache({ max: 500 })`.
    Given,
}

/// One place in the source that touches a variable or property.
#[derive(Clone, Debug)]
pub struct Touch {
    /// How.
    pub kind: TouchKind,
    /// Where the expression starts.
    pub at: Position,
    /// The innermost function around it; `None` at module level.
    pub function: Option<FunctionId>,
    /// Properties between the variable and what is touched: `["cache"]` in `service.cache.set(k, v)`.
    pub through: Vec<String>,
    /// The method called, if one is.
    pub method: Option<String>,
    /// True when it puts something empty in the place of an entry.
    pub empties: bool,
    /// Set when something decides that it takes something out, or puts something in.
    pub limit: Option<Limit>,
    /// The functions it is left to: those asked before something is taken out, or the one it is handed to.
    pub left_to: Vec<Parameter>,
}

impl Touch {
    /// Is what it changes one of the entries, or something below them: `byUser[id].push(x)`?
    pub fn is_of_entry(&self) -> bool {
        let below = match self.method {
            Some(_) => &self.through[..],
            None => &self.through[..self.through.len().saturating_sub(1)],
        };
        self.empties || below.iter().any(|part| part == ENTRY)
    }
}

/// What an entry is called in [`Touch::through`].
pub(super) const ENTRY: &str = "[]";

/// A declared variable, parameter, function, class or import.
#[derive(Clone, Debug)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Where it is declared.
    pub declared: Position,
    /// The function it belongs to; `None` at module level.
    pub function: Option<FunctionId>,
    /// The package or module it comes from: `require('x')`, `import … from 'x'`, or made by calling such an import.
    pub from: Option<String>,
    /// True when it is what that module exports, and not made with it.
    pub is_imported: bool,
    /// Places that touch it, in source order.
    pub touches: Vec<Touch>,
}

/// Something that is made of what a module exports: `new Cache({ max: 500 })`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// The module.
    pub from: String,
    /// Where.
    pub at: Position,
    /// The innermost function around it.
    pub function: Option<FunctionId>,
    /// The options that are finite numbers.
    pub numbers: Vec<String>,
}

/// The facts of one source file.
#[derive(Clone, Debug, Default)]
pub struct SourceFile {
    /// Functions in source order of their start.
    pub functions: Vec<Function>,
    /// Variables in source order of their declaration.
    pub variables: Vec<Variable>,
    /// Touches of properties by property name: `this.cache.set(…)` and `x.cache.set(…)` under `cache`.
    pub properties: HashMap<String, Vec<Touch>>,
    /// Places where a class takes something out of itself, `this.delete(oldest)`, that something decides, by class name.
    pub own_limits: HashMap<String, Vec<Touch>>,
    /// The parameters that functions take something out of, and what decides that: `trim(cache, MAX)`.
    pub trimmed: HashMap<Parameter, Limit>,
    /// The parameters of which functions tell whether there is much in them: `isFull(batch)`.
    pub measured: HashSet<Parameter>,
    /// The names it uses otherwise than to declare or export what is called so.
    pub mentions: HashSet<String>,
    /// What it makes of modules' exports, in source order.
    pub made: Vec<Made>,
    /// The properties whose values are, or become, what this file compares sizes and counters with.
    pub bounding: BTreeSet<String>,
}

impl SourceFile {
    /// The innermost function that contains `at`.
    pub fn function_at(&self, at: Position) -> Option<FunctionId> {
        let inside = |f: &Function| f.start <= at && at <= f.end;
        let innermost =
            self.functions.iter().enumerate().filter(|(_, f)| inside(f)).max_by_key(|(_, f)| f.start);
        innermost.map(|(index, _)| FunctionId(index as u32))
    }

    /// The function that V8 reports as starting at `at`: exact, else the innermost that contains it.
    pub fn function_starting_at(&self, at: Position) -> Option<FunctionId> {
        let exact = self.functions.iter().position(|f| f.reported_at == at || f.start == at);
        exact.map(|index| FunctionId(index as u32)).or_else(|| self.function_at(at))
    }

    /// The function with this index.
    pub fn function(&self, id: FunctionId) -> &Function {
        &self.functions[id.0 as usize]
    }

    /// Is `inner` the function `outer` or nested in it?
    pub fn is_within(&self, inner: FunctionId, outer: FunctionId) -> bool {
        let mut at = Some(inner);
        while let Some(id) = at {
            if id == outer {
                return true;
            }
            at = self.function(id).parent;
        }
        false
    }

    /// The variable `name`: the one declared in `owner` when given (`None` is module level), else the outermost one.
    pub fn variable(&self, name: &str, owner: Option<FunctionId>) -> Option<&Variable> {
        let named = || self.variables.iter().filter(|v| v.name == name);
        named().find(|v| v.function == owner).or_else(|| named().min_by_key(|v| self.depth(v.function)))
    }

    fn depth(&self, function: Option<FunctionId>) -> usize {
        std::iter::successors(function, |&id| self.function(id).parent).count()
    }
}
