//! The stack machine of a pickle, which builds descriptions instead of objects.

use super::error::{PickleError, Problem, shown};
use super::opcodes::{Op, Reader};
use super::tree::{Node, NodeId, Object, Tree};
use std::borrow::Cow;
use std::collections::HashMap;

/// Most operations that one pickle may hold. A checkpoint spends about 30 on each tensor, so this is room for a
/// quarter of a million tensors, and at most about half a gigabyte for a file made to waste memory.
pub const MAX_OPERATIONS: usize = 1 << 23;

/// A parsed pickle and where it ends.
#[derive(Debug, Clone)]
pub struct Parsed<'a> {
    /// What the pickle describes.
    pub tree: Tree<'a>,
    /// The first byte after the pickle.
    pub end: usize,
}

/// Parses one pickle that starts at byte `start` of `bytes`.
///
/// `allowed` decides by dotted name (`collections.OrderedDict`) which classes and functions may be *mentioned*; none
/// is ever called. Protocols 0 to 5 are read.
///
/// # Errors
/// [`PickleError`] with the position of the first operation that is cut off, unknown, impossible or foreign.
pub fn parse<'a>(bytes: &'a [u8], start: usize, allowed: &dyn Fn(&str) -> bool) -> Result<Parsed<'a>, PickleError> {
    let mut machine = Machine {
        reader: Reader::new(bytes, start),
        allowed,
        nodes: Vec::new(),
        stack: Vec::new(),
        marks: Vec::new(),
        memo: HashMap::new(),
    };
    for _ in 0..MAX_OPERATIONS {
        let op = machine.reader.next()?;
        if let Op::Stop = op {
            let root = machine.pop()?;
            let end = machine.reader.position();
            return Ok(Parsed { tree: Tree { nodes: machine.nodes, root }, end });
        }
        machine.step(op)?;
    }
    Err(machine.reader.error(Problem::TooLong(MAX_OPERATIONS)))
}

struct Machine<'a, 'p> {
    reader: Reader<'a>,
    allowed: &'p dyn Fn(&str) -> bool,
    nodes: Vec<Node<'a>>,
    stack: Vec<NodeId>,
    /// Heights of the stack at the open marks.
    marks: Vec<usize>,
    memo: HashMap<u32, NodeId>,
}

impl<'a> Machine<'a, '_> {
    fn step(&mut self, op: Op<'a>) -> Result<(), PickleError> {
        match op {
            Op::Skip | Op::Stop => {}
            Op::Mark => self.marks.push(self.stack.len()),
            Op::Pop => {
                if self.marks.last() == Some(&self.stack.len()) {
                    self.marks.pop();
                } else {
                    self.pop()?;
                }
            }
            Op::PopMark => self.pop_to_mark().map(drop)?,
            Op::Dup => {
                let top = self.top()?;
                self.stack.push(top);
            }
            Op::None => self.push(Node::None),
            Op::Bool(value) => self.push(Node::Bool(value)),
            Op::Int(value) => self.push(Node::Int(value)),
            Op::BigInt => self.push(Node::BigInt),
            Op::Float(value) => self.push(Node::Float(value)),
            Op::Text(text) => self.push(Node::Text(text)),
            Op::Bytes(bytes) => self.push(Node::Bytes(bytes)),
            Op::EmptyList => self.push(Node::List(Vec::new())),
            Op::EmptyTuple => self.push(Node::Tuple(Vec::new())),
            Op::EmptyDict => self.push(Node::Dict(Vec::new())),
            Op::EmptySet => self.push(Node::Set(Vec::new())),
            Op::List => self.collect(Node::List)?,
            Op::Tuple => self.collect(Node::Tuple)?,
            Op::FrozenSet => self.collect(Node::Set)?,
            Op::Dict => {
                let entries = self.pairs()?;
                self.push(Node::Dict(entries));
            }
            Op::TupleOf(count) => {
                let mut items = Vec::with_capacity(count);
                for _ in 0..count {
                    items.push(self.pop()?);
                }
                items.reverse();
                self.push(Node::Tuple(items));
            }
            Op::Append => {
                let item = self.pop()?;
                self.extend(vec![item])?;
            }
            Op::Appends => {
                let items = self.pop_to_mark()?;
                self.extend(items)?;
            }
            Op::AddItems => {
                let items = self.pop_to_mark()?;
                self.add(items)?;
            }
            Op::SetItem => {
                let value = self.pop()?;
                let key = self.pop()?;
                self.set(vec![(key, value)])?;
            }
            Op::SetItems => {
                let entries = self.pairs()?;
                self.set(entries)?;
            }
            Op::Put(number) => {
                let top = self.top()?;
                self.memo.insert(number, top);
            }
            Op::Memoize => {
                let (number, top) = (self.memo.len() as u32, self.top()?);
                self.memo.insert(number, top);
            }
            Op::Get(number) => {
                let value = self.memo.get(&number).copied();
                self.stack.push(value.ok_or_else(|| self.reader.error(Problem::MissingMemo(number)))?);
            }
            Op::Global(module, name) => {
                self.class(&String::from_utf8_lossy(module), &String::from_utf8_lossy(name))?;
            }
            Op::Instance(module, name) => {
                // Read only so that the class can be named; an instance of Python 2 is no weight or data.
                self.class(&String::from_utf8_lossy(module), &String::from_utf8_lossy(name))?;
                return Err(self.reader.error(Problem::UnknownOpcode(b'i')));
            }
            Op::StackGlobal => {
                let (name, module) = (self.pop()?, self.pop()?);
                let (module, name) = (self.owned_text(module)?, self.owned_text(name)?);
                self.class(&module, &name)?;
            }
            Op::Reduce => self.call()?,
            Op::Build => self.build()?,
            Op::PersistentId => {
                let id = self.pop()?;
                self.push(Node::Persistent(id));
            }
        }
        Ok(())
    }

    fn push(&mut self, node: Node<'a>) {
        // At most one node for each of fewer than 2^32 operations, so the number always fits.
        self.stack.push(NodeId(self.nodes.len() as u32));
        self.nodes.push(node);
    }

    /// The height below which the innermost mark guards the stack.
    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    fn top(&self) -> Result<NodeId, PickleError> {
        let items = self.stack.get(self.floor()..).unwrap_or_default();
        items.last().copied().ok_or_else(|| self.reader.error(Problem::EmptyStack))
    }

    fn pop(&mut self) -> Result<NodeId, PickleError> {
        let top = self.top()?;
        self.stack.pop();
        Ok(top)
    }

    fn pop_to_mark(&mut self) -> Result<Vec<NodeId>, PickleError> {
        let mark = self.marks.pop().ok_or_else(|| self.reader.error(Problem::NoMark))?;
        Ok(self.stack.split_off(mark.min(self.stack.len())))
    }

    fn collect(&mut self, container: fn(Vec<NodeId>) -> Node<'a>) -> Result<(), PickleError> {
        let items = self.pop_to_mark()?;
        self.push(container(items));
        Ok(())
    }

    fn pairs(&mut self) -> Result<Vec<(NodeId, NodeId)>, PickleError> {
        let items = self.pop_to_mark()?;
        let (pairs, rest) = items.as_chunks::<2>();
        if !rest.is_empty() {
            return Err(self.reader.error(Problem::OddItems));
        }
        Ok(pairs.iter().map(|&[key, value]| (key, value)).collect())
    }

    fn node(&self, id: NodeId) -> &Node<'a> {
        self.nodes.get(id.0 as usize).unwrap_or(&Node::None)
    }

    fn wrong(&self, wanted: &'static str, id: NodeId) -> PickleError {
        self.reader.error(Problem::WrongKind { wanted, found: self.node(id).kind() })
    }

    fn extend(&mut self, items: Vec<NodeId>) -> Result<(), PickleError> {
        let target = self.top()?;
        match self.nodes.get_mut(target.0 as usize) {
            Some(Node::List(list)) => list.extend(items),
            _ => return Err(self.wrong("a list to append to", target)),
        }
        Ok(())
    }

    fn add(&mut self, items: Vec<NodeId>) -> Result<(), PickleError> {
        let target = self.top()?;
        match self.nodes.get_mut(target.0 as usize) {
            Some(Node::Set(set)) => set.extend(items),
            _ => return Err(self.wrong("a set to add to", target)),
        }
        Ok(())
    }

    fn set(&mut self, pairs: Vec<(NodeId, NodeId)>) -> Result<(), PickleError> {
        let target = self.top()?;
        match self.nodes.get_mut(target.0 as usize) {
            Some(Node::Dict(entries)) => entries.extend(pairs),
            Some(Node::Object(object)) => object.entries.extend(pairs),
            _ => return Err(self.wrong("a dictionary to set items of", target)),
        }
        Ok(())
    }

    fn owned_text(&self, id: NodeId) -> Result<Cow<'a, str>, PickleError> {
        match self.node(id) {
            Node::Text(text) => Ok(text.clone()),
            _ => Err(self.wrong("the name of a class", id)),
        }
    }

    fn class(&mut self, module: &str, name: &str) -> Result<(), PickleError> {
        let dotted = format!("{module}.{name}");
        if !(self.allowed)(&dotted) {
            return Err(self.reader.error(Problem::ForeignClass(shown(&dotted))));
        }
        self.push(Node::Class(dotted.into()));
        Ok(())
    }

    fn call(&mut self) -> Result<(), PickleError> {
        let (args, class) = (self.pop()?, self.pop()?);
        match (self.node(class), self.node(args)) {
            (Node::Class(_), Node::Tuple(_)) => {}
            (Node::Class(_), _) => return Err(self.wrong("a tuple of arguments", args)),
            _ => return Err(self.wrong("a class to call", class)),
        }
        self.push(Node::Object(Box::new(Object { class, args, entries: Vec::new(), state: None })));
        Ok(())
    }

    fn build(&mut self) -> Result<(), PickleError> {
        let state = self.pop()?;
        let target = self.top()?;
        match self.nodes.get_mut(target.0 as usize) {
            Some(Node::Object(object)) => object.state = Some(state),
            _ => return Err(self.wrong("an object to give a state to", target)),
        }
        Ok(())
    }
}
