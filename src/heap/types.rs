//! The vocabulary of a heap snapshot: typed indices, kinds of nodes and of edges.

use std::borrow::Cow;
use std::fmt;

/// A node, by its position in the snapshot's node table (the root is 0). Valid for one snapshot only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeIndex(pub u32);

/// An edge, by its position in the snapshot's edge table. Valid for one snapshot only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EdgeIndex(pub u32);

/// A class (constructor) of a snapshot. Valid for one snapshot only; between snapshots compare [`super::ClassKey`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClassId(pub u32);

impl NodeIndex {
    pub(super) fn at(self) -> usize {
        self.0 as usize
    }
}

impl EdgeIndex {
    pub(super) fn at(self) -> usize {
        self.0 as usize
    }
}

impl ClassId {
    pub(super) fn at(self) -> usize {
        self.0 as usize
    }
}

/// Declares an enum whose variants have V8's names.
macro_rules! v8_enum {
    ($(#[$meta:meta])* $name:ident, $fallback:ident, { $($(#[$doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum $name { $($(#[$doc])* $variant,)* }

        impl $name {
            const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name `snapshot.meta` uses.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// The kind for a name of `snapshot.meta`; kinds of a later V8 become
            #[doc = concat!("[`", stringify!($name), "::", stringify!($fallback), "`].")]
            pub(super) fn from_name(name: &str) -> Self {
                match name { $($text => Self::$variant,)* _ => Self::$fallback }
            }

            pub(super) fn from_u8(value: u8) -> Self {
                Self::ALL[usize::from(value)]
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

v8_enum! {
    /// What a node is.
    NodeType, Hidden, {
        /// V8's own bookkeeping.
        Hidden = "hidden",
        /// A backing store of V8 (elements, hash tables …), not a JavaScript array.
        Array = "array",
        /// A flat string.
        String = "string",
        /// A JavaScript object.
        Object = "object",
        /// Compiled code and what belongs to it.
        Code = "code",
        /// A function.
        Closure = "closure",
        /// A regular expression.
        RegExp = "regexp",
        /// A number that needs a heap cell.
        Number = "number",
        /// Memory outside V8's heap: buffers, Node's C++ objects.
        Native = "native",
        /// A node V8 makes up, such as `(GC roots)`.
        Synthetic = "synthetic",
        /// Two strings joined lazily.
        ConsString = "concatenated string",
        /// A view into another string.
        SlicedString = "sliced string",
        /// A symbol.
        Symbol = "symbol",
        /// A BigInt.
        BigInt = "bigint",
        /// A hidden class (map) and what belongs to it.
        ObjectShape = "object shape",
        /// An object of WebAssembly's garbage collected types.
        WasmObject = "wasm object",
    }
}

v8_enum! {
    /// How one node refers to another.
    EdgeKind, Invisible, {
        /// A variable of a function's scope; the source node is the context.
        Context = "context",
        /// An array element; the name is its index.
        Element = "element",
        /// A named property.
        Property = "property",
        /// A link V8 needs and JavaScript cannot see, with a name.
        Internal = "internal",
        /// A link V8 needs, by number.
        Hidden = "hidden",
        /// A link to what can be reached otherwise too; from the root: a global object.
        Shortcut = "shortcut",
        /// A reference that does not keep its target alive.
        Weak = "weak",
        /// Not shown by DevTools.
        Invisible = "invisible",
    }
}

impl EdgeKind {
    /// True when edges of this kind carry a number instead of a name.
    pub fn is_indexed(self) -> bool {
        matches!(self, Self::Element | Self::Hidden)
    }
}

/// The label of an edge.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum EdgeName<'a> {
    /// An element's or hidden link's number.
    Index(u32),
    /// A property's, variable's or internal link's name.
    Name(Cow<'a, str>),
}

impl fmt::Display for EdgeName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index(index) => write!(f, "{index}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}
