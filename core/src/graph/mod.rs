//! A network, or one of its derivatives, as plain data.
//!
//! A [`Graph`] is a list of nodes in topological order: operands come before their users, so a single pass
//! evaluates, prints, hashes or differentiates it. Equal nodes are merged when they are pushed (common
//! subexpressions never arise), and trivial ones (a scale by one, a sum over nothing) are not pushed at all.
//!
//! Decided against: reference-counted expression trees, because plain indices serialise, compare and cross a library
//! boundary as they are.

mod activation;
mod builder;
mod bytes;
mod differential;
mod hash;
mod infer;
mod init;
mod inline;
mod layers;
mod mode;
mod op;
mod parameter;
mod print;
mod push;
mod shape;

pub use activation::ACTIVATIONS;
pub use builder::GraphBuilder;
pub use bytes::{FORMAT_VERSION, MAGIC};
pub use differential::{Differential, External};
pub use init::Init;
pub use layers::Conv2d;
pub use mode::Mode;
pub use op::{Binary, Convolution, Op, Scalar, Source, Unary, Window, windows};
pub use parameter::{Buffer, BufferUpdate, Parameter};
pub use shape::{Dim, Shape};

use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// A node of a [`Graph`], by its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ValueId(pub(crate) u32);

impl ValueId {
    /// The position in the graph's list of nodes.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a value's entries are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// Numbers of the program's compute type.
    Real,
    /// Unsigned 32-bit indices.
    Index,
}

/// One primitive applied to earlier values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// The primitive.
    pub op: Op,
    /// Its operands, in the order the primitive names.
    pub operands: Vec<ValueId>,
    /// The result's sizes.
    pub shape: Shape,
    /// The result's entries.
    pub kind: Kind,
}

/// Nodes with the parameters and buffers that their leaves refer to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Graph {
    nodes: Vec<Node>,
    parameters: Vec<Parameter>,
    buffers: Vec<Buffer>,
    updates: Vec<BufferUpdate>,
    masks: Vec<DropoutSite>,
    output: Option<ValueId>,
    #[serde(skip)]
    known: HashMap<(Op, Vec<ValueId>), ValueId>,
}

/// One dropout layer: the trainer draws its mask.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DropoutSite {
    /// Share of entries set to zero.
    pub rate: f64,
    /// Sizes of the mask.
    pub shape: Shape,
}

impl Graph {
    /// All nodes, operands before users.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The node behind a value.
    ///
    /// # Panics
    /// If the value belongs to another graph; values are only made by the graph that holds them.
    pub fn node(&self, value: ValueId) -> &Node {
        &self.nodes[value.index()]
    }

    /// The shape of a value.
    pub fn shape(&self, value: ValueId) -> &Shape {
        &self.node(value).shape
    }

    /// Every value, in order.
    pub fn values(&self) -> impl Iterator<Item = ValueId> + use<> {
        (0..self.nodes.len() as u32).map(ValueId)
    }

    /// The named parameters, in state-dict order.
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// The named buffers, in state-dict order.
    pub fn buffers(&self) -> &[Buffer] {
        &self.buffers
    }

    /// How training replaces buffers after each step.
    pub fn buffer_updates(&self) -> &[BufferUpdate] {
        &self.updates
    }

    /// The dropout layers of a graph in train mode.
    pub fn dropout_sites(&self) -> &[DropoutSite] {
        &self.masks
    }

    /// The network's output, where one has been set.
    pub fn output(&self) -> Option<ValueId> {
        self.output
    }

    /// An empty graph with the same parameters, buffers and dropout layers.
    pub fn declarations(&self) -> Graph {
        Graph {
            parameters: self.parameters.clone(),
            buffers: self.buffers.clone(),
            masks: self.masks.clone(),
            ..Graph::default()
        }
    }

    /// The system of a function that the graph does not spell out, where it has one; see [`Differential`].
    pub fn external_system(&self) -> Option<&str> {
        self.nodes.iter().find_map(|n| match &n.op {
            Op::Differential(d) => Some(d.function.system.as_str()),
            _ => None,
        })
    }

    /// The number of trainable numbers.
    pub fn parameter_count(&self) -> usize {
        self.parameters.iter().map(Parameter::elements).sum()
    }
}
