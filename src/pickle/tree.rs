//! What a pickle describes: nodes in one arena that refer to each other by number.
//!
//! An arena, because a pickle may share a value a thousand times or hold a list that contains itself. A tree of owned
//! values would grow exponentially with the first and never end with the second.

use std::borrow::Cow;

/// The number of a node within its [`Tree`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NodeId(pub(super) u32);

/// One value of a pickle.
#[derive(Debug, Clone, PartialEq)]
pub enum Node<'a> {
    /// `None`.
    None,
    /// `True` or `False`.
    Bool(bool),
    /// An integer.
    Int(i128),
    /// An integer of more than 128 bits; its value is not kept.
    BigInt,
    /// A float.
    Float(f64),
    /// A Unicode string.
    Text(Cow<'a, str>),
    /// A byte string, or a string of Python 2, which is both.
    Bytes(Cow<'a, [u8]>),
    /// A list.
    List(Vec<NodeId>),
    /// A tuple.
    Tuple(Vec<NodeId>),
    /// A set or frozen set, in file order.
    Set(Vec<NodeId>),
    /// A dictionary as pairs of key and value, in file order; a repeated key is kept, and the last one counts.
    Dict(Vec<(NodeId, NodeId)>),
    /// A class or function by its dotted name, such as `collections.OrderedDict`.
    Class(Box<str>),
    /// The result of calling a class or function, not evaluated.
    Object(Box<Object>),
    /// An object kept outside the pickle, by its identifier.
    Persistent(NodeId),
}

/// A call that Python would make, and what it would then do to the result.
#[derive(Debug, Clone, PartialEq)]
pub struct Object {
    /// The callable: always a [`Node::Class`].
    pub class: NodeId,
    /// Its arguments: always a [`Node::Tuple`].
    pub args: NodeId,
    /// Pairs set on the result, as for an `OrderedDict`.
    pub entries: Vec<(NodeId, NodeId)>,
    /// The state given to the result, if any.
    pub state: Option<NodeId>,
}

impl Node<'_> {
    /// The kind of value, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Node::None => "None",
            Node::Bool(_) => "a bool",
            Node::Int(_) | Node::BigInt => "an integer",
            Node::Float(_) => "a float",
            Node::Text(_) => "a string",
            Node::Bytes(_) => "a byte string",
            Node::List(_) => "a list",
            Node::Tuple(_) => "a tuple",
            Node::Set(_) => "a set",
            Node::Dict(_) => "a dictionary",
            Node::Class(_) => "a class",
            Node::Object(_) => "an object",
            Node::Persistent(_) => "a persistent object",
        }
    }
}

/// A whole pickle as data.
#[derive(Debug, Clone)]
pub struct Tree<'a> {
    pub(super) nodes: Vec<Node<'a>>,
    pub(super) root: NodeId,
}

impl<'a> Tree<'a> {
    /// The value that the pickle leaves.
    pub fn root(&self) -> NodeId {
        self.root
    }

    /// The value with this number; `None` (Python's) for a number of another tree.
    pub fn get(&self, id: NodeId) -> &Node<'a> {
        self.nodes.get(id.0 as usize).unwrap_or(&Node::None)
    }

    /// Every value, in the order of creation, whether or not the root reaches it.
    pub fn nodes(&self) -> impl Iterator<Item = &Node<'a>> {
        self.nodes.iter()
    }

    /// The value as text; byte strings count if they are UTF-8, since Python 2 wrote names that way.
    pub fn text(&self, id: NodeId) -> Option<&str> {
        match self.get(id) {
            Node::Text(text) => Some(text),
            Node::Bytes(bytes) => std::str::from_utf8(bytes).ok(),
            _ => None,
        }
    }

    /// The value as an integer; a bool is none.
    pub fn int(&self, id: NodeId) -> Option<i128> {
        match self.get(id) {
            Node::Int(value) => Some(*value),
            _ => None,
        }
    }

    /// The items of a tuple or list.
    pub fn sequence(&self, id: NodeId) -> Option<&[NodeId]> {
        match self.get(id) {
            Node::Tuple(items) | Node::List(items) => Some(items),
            _ => None,
        }
    }

    /// The dotted name of a class or function.
    pub fn class(&self, id: NodeId) -> Option<&str> {
        match self.get(id) {
            Node::Class(name) => Some(name),
            _ => None,
        }
    }

    /// The pairs of a dictionary, or those set on an object such as an `OrderedDict`.
    pub fn entries(&self, id: NodeId) -> Option<&[(NodeId, NodeId)]> {
        match self.get(id) {
            Node::Dict(entries) => Some(entries),
            Node::Object(object) => Some(&object.entries),
            _ => None,
        }
    }

    /// The callable's dotted name and its arguments, if the value is the result of a call.
    pub fn call(&self, id: NodeId) -> Option<(&str, &[NodeId])> {
        match self.get(id) {
            Node::Object(object) => Some((self.class(object.class)?, self.sequence(object.args)?)),
            _ => None,
        }
    }
}
