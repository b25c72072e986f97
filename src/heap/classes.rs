//! Class names as DevTools shows them.
//!
//! An object's class is its constructor's name, apart from other classes of that name when the file tells where the
//! constructor stands; plain objects are grouped by their properties (see [`super::interfaces`]); everything that
//! is not an object has one class per type, such as `(string)` or `(compiled code)`.

use foldhash::{HashMap, HashMapExt};

use super::detached::DETACHED;
use super::error::HeapError;
use super::interfaces::{self, PlainObjects};
use super::locations::ScriptPosition;
use super::memory::{with_room, zeroed};
use super::snapshot::Snapshot;
use super::task::Task;
use super::types::{ClassId, NodeType};

/// What tells classes apart; also between snapshots of one process.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClassKey {
    /// The constructor's name, `{a, b}` for plain objects, `(string)` and the like for what has no constructor.
    pub name: String,
    /// Where the constructor stands, when the file tells. Script ids are those of one process.
    pub constructor: Option<ScriptPosition>,
}

/// The classes of a snapshot, and each node's.
#[derive(Debug, Default)]
pub(super) struct Classes {
    pub keys: Vec<ClassKey>,
    pub of_node: Vec<ClassId>,
}

impl Classes {
    pub fn of(snapshot: &Snapshot, task: &Task) -> Result<Self, HeapError> {
        let mut namer = Namer::new(snapshot);
        let PlainObjects { names, members } = interfaces::classify(snapshot, task)?;
        let interfaces: Vec<NameId> = names.into_iter().map(|name| namer.intern(name)).collect();
        let mut members = members.into_iter().peekable();
        let mut locations = snapshot.locations.iter().peekable();
        let mut of_node = with_room(snapshot.nodes.len());
        for node in 0..snapshot.nodes.len() {
            task.check_at(node)?;
            let name = match members.next_if(|&(member, _)| member as usize == node) {
                Some((_, interface)) => interfaces[interface as usize],
                None => namer.name(node),
            };
            let place = locations.next_if(|&&(place, _)| place as usize == node).map(|&(_, place)| place);
            of_node.push(namer.class(name, place.filter(|_| snapshot.nodes.kind(node) == NodeType::Object)));
        }
        Ok(Self { keys: namer.keys, of_node })
    }
}

/// An interned class name.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct NameId(u32);

/// Interns names and classes.
struct Namer<'a> {
    snapshot: &'a Snapshot,
    names: HashMap<String, NameId>,
    texts: Vec<String>,
    /// By name string: the class name of objects and native nodes, plus one.
    by_string: Vec<u32>,
    by_string_detached: HashMap<u32, NameId>,
    by_type: [Option<NameId>; 32],
    /// By name: its class without a constructor's place.
    plain: Vec<Option<ClassId>>,
    placed: HashMap<(NameId, ScriptPosition), ClassId>,
    /// By name: the class found last with a constructor's place. Mostly there is only one.
    placed_last: Vec<Option<(ScriptPosition, ClassId)>>,
    keys: Vec<ClassKey>,
}

impl<'a> Namer<'a> {
    fn new(snapshot: &'a Snapshot) -> Self {
        Self {
            snapshot,
            names: HashMap::new(),
            texts: Vec::new(),
            by_string: zeroed(snapshot.strings.len()),
            by_string_detached: HashMap::new(),
            by_type: [None; 32],
            plain: Vec::new(),
            placed: HashMap::new(),
            placed_last: Vec::new(),
            keys: Vec::new(),
        }
    }

    fn name(&mut self, node: usize) -> NameId {
        let kind = self.snapshot.nodes.kind(node);
        if matches!(kind, NodeType::Object | NodeType::Native) {
            return self.object_name(node, kind);
        }
        if let Some(name) = self.by_type[kind as usize] {
            return name;
        }
        let name = match kind {
            NodeType::Hidden => "(system)".to_owned(),
            NodeType::Code => "(compiled code)".to_owned(),
            NodeType::Closure => "Function".to_owned(),
            NodeType::RegExp => "RegExp".to_owned(),
            kind => format!("({kind})"),
        };
        let name = self.intern(name);
        self.by_type[kind as usize] = Some(name);
        name
    }

    fn object_name(&mut self, node: usize, kind: NodeType) -> NameId {
        let string = self.snapshot.nodes.names[node];
        if kind == NodeType::Native && self.snapshot.nodes.detachedness(node) == DETACHED {
            return self.detached_name(string);
        }
        match self.by_string[string as usize] {
            0 => {
                let name = self.intern(without_attributes(self.snapshot.string(string).into_owned()));
                self.by_string[string as usize] = name.0 + 1;
                name
            }
            known => NameId(known - 1),
        }
    }

    fn detached_name(&mut self, string: u32) -> NameId {
        if let Some(&name) = self.by_string_detached.get(&string) {
            return name;
        }
        let name = self.intern(without_attributes(format!("Detached {}", self.snapshot.string(string))));
        self.by_string_detached.insert(string, name);
        name
    }

    fn intern(&mut self, text: String) -> NameId {
        let next = NameId(self.texts.len() as u32);
        let name = *self.names.entry(text).or_insert_with_key(|text| {
            self.texts.push(text.clone());
            next
        });
        if name == next {
            self.plain.push(None);
            self.placed_last.push(None);
        }
        name
    }

    fn class(&mut self, name: NameId, constructor: Option<ScriptPosition>) -> ClassId {
        let next = ClassId(self.keys.len() as u32);
        let class = match constructor {
            None => *self.plain[name.0 as usize].get_or_insert(next),
            Some(place) => match self.placed_last[name.0 as usize] {
                Some((known, class)) if known == place => class,
                _ => {
                    let class = *self.placed.entry((name, place)).or_insert(next);
                    self.placed_last[name.0 as usize] = Some((place, class));
                    class
                }
            },
        };
        if class == next {
            self.keys.push(ClassKey { name: self.texts[name.0 as usize].clone(), constructor });
        }
        class
    }
}

/// `<div id="a">` is of class `<div>`.
fn without_attributes(name: String) -> String {
    let from = match () {
        () if name.starts_with('<') => 0,
        () if name.starts_with("Detached <") => 10,
        () => return name,
    };
    match name[from..].find(' ') {
        Some(blank) => format!("{}>", &name[..from + blank]),
        None => name,
    }
}
