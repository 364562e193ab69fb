//! A graph as versioned bytes.
//!
//! `HESSEGRF`, version (u16), payload length (u64), both little-endian, then the payload in postcard's documented
//! format. Reading trusts nothing: lengths are bounded by the bytes at hand, every node passes the same shape check as
//! in the builder, and operands must come before their users. bincode was decided against: its successor is abandoned.

use super::{Buffer, BufferUpdate, DropoutSite, Graph, Node, Op, Parameter, Source, ValueId, infer::infer};
use crate::error::GraphError;
use crate::frame::{Frame, mismatch as bytes};
use serde::Deserialize;
use std::collections::HashSet;

/// First bytes of a stored graph.
pub const MAGIC: [u8; 8] = *b"HESSEGRF";
/// Version of the layout behind the magic. A primitive appended to the list leaves it as it is: every older graph reads the
/// same, and an older reader refuses a graph that has the new one.
pub const FORMAT_VERSION: u16 = 1;
const FRAME: Frame = Frame { magic: MAGIC, version: FORMAT_VERSION, what: "graph" };

#[derive(Deserialize)]
struct Stored {
    nodes: Vec<Node>,
    parameters: Vec<Parameter>,
    buffers: Vec<Buffer>,
    updates: Vec<BufferUpdate>,
    masks: Vec<DropoutSite>,
    output: Option<ValueId>,
}

impl Graph {
    /// The stored form.
    ///
    /// # Errors
    /// Where a constant cannot be stored; none of the present primitives has such.
    pub fn to_bytes(&self) -> Result<Vec<u8>, GraphError> {
        FRAME.write(self)
    }

    /// Reads the stored form, checking everything.
    ///
    /// # Errors
    /// Where the bytes are foreign, of another version, damaged, or describe no well-formed graph.
    pub fn from_bytes(data: &[u8]) -> Result<Graph, GraphError> {
        rebuild(FRAME.read(data)?)
    }
}

fn rebuild(stored: Stored) -> Result<Graph, GraphError> {
    let mut graph = Graph {
        parameters: stored.parameters,
        buffers: stored.buffers,
        updates: stored.updates,
        masks: stored.masks,
        output: stored.output,
        ..Graph::default()
    };
    let too_large =
        |shape: &[usize]| shape.iter().try_fold(1usize, |n, &d| n.checked_mul(d)).is_none_or(|n| n > 1 << 40);
    for shape in graph.parameters.iter().map(|p| &p.shape).chain(graph.buffers.iter().map(|b| &b.shape)) {
        if too_large(shape) {
            return Err(bytes("fewer than 2^40 entries", format!("{shape:?}")));
        }
    }
    let mut names = HashSet::new();
    let declared = graph.parameters.iter().map(|p| (&p.name, &p.shape));
    for (name, shape) in declared.chain(graph.buffers.iter().map(|b| (&b.name, &b.shape))) {
        if shape.contains(&0) {
            return Err(bytes(format!("positive sizes of {name}"), format!("{shape:?}")));
        }
        if !super::parameter::is_printable(name) {
            return Err(bytes("a printable name", format!("{name:?}")));
        }
        if !names.insert(name) {
            return Err(bytes("a new name", name));
        }
    }
    for (i, node) in stored.nodes.into_iter().enumerate() {
        if node.operands.iter().any(|v| v.index() >= i) {
            return Err(bytes(format!("operands before node {i}"), format!("{:?}", node.operands)));
        }
        // A shape read from bytes has not passed `Shape::new` yet.
        let shape = super::Shape::new(node.shape.dims().to_vec())?;
        match &node.op {
            Op::Input(source) => {
                check_leaf(&graph, *source, &node)?;
                // A derivative finds one leaf for each input.
                if graph.known.contains_key(&(node.op.clone(), Vec::new())) {
                    return Err(bytes("each input once", format!("{source:?} again")));
                }
            }
            Op::Fill(_) => {}
            op => {
                for attribute in attribute_shapes(op) {
                    super::Shape::new(attribute.dims().to_vec())?;
                }
                let operands: Vec<&Node> = node.operands.iter().map(|&v| graph.node(v)).collect();
                let (expected, kind) = infer(op, &operands)?;
                if expected != shape || kind != node.kind {
                    return Err(bytes(format!("node {i} of shape {expected}"), shape));
                }
            }
        }
        if matches!(node.op, Op::Input(_) | Op::Fill(_)) && !node.operands.is_empty() {
            return Err(bytes(format!("no operands of leaf {i}"), node.operands.len()));
        }
        graph.append(node.op, node.operands, shape, node.kind)?;
    }
    let count = graph.nodes.len();
    for value in graph.output.iter().chain(graph.updates.iter().map(|u| &u.value)) {
        if value.index() >= count {
            return Err(bytes(format!("a value below {count}"), value.index()));
        }
    }
    if let Some(u) = graph.updates.iter().find(|u| {
        graph.buffers.get(u.buffer).is_none_or(|b| graph.shape(u.value).as_fixed().as_deref() != Some(&b.shape))
    }) {
        return Err(bytes("an update of a buffer's own shape", format!("{u:?}")));
    }
    Ok(graph)
}

fn attribute_shapes(op: &Op) -> impl Iterator<Item = &super::Shape> {
    match op {
        Op::Reshape(s) | Op::Broadcast { shape: s, .. } | Op::Slice { shape: s, .. } | Op::Pad { shape: s, .. } => {
            Some(s)
        }
        _ => None,
    }
    .into_iter()
}

fn check_leaf(graph: &Graph, source: Source, node: &Node) -> Result<(), GraphError> {
    let fixed = |shape: Option<&Vec<usize>>| shape.and_then(|s| super::Shape::fixed(s).ok());
    let declared = match source {
        Source::Parameter(i) | Source::ParameterTangent(i) => fixed(graph.parameters.get(i).map(|p| &p.shape)),
        Source::Buffer(i) => fixed(graph.buffers.get(i).map(|b| &b.shape)),
        Source::DropoutMask(i) => graph.masks.get(i).map(|m| m.shape.clone()),
        _ => return Ok(()),
    };
    match declared {
        Some(shape) if shape == node.shape => Ok(()),
        Some(shape) => Err(bytes(format!("a leaf {source:?} of shape {shape}"), &node.shape)),
        None => Err(bytes("a declared leaf", format!("{source:?}"))),
    }
}
