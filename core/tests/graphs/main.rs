//! Graphs as data: bytes, hashes, listings, simplification, shape checks, and the split of derivatives.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that cannot go on has failed

#[allow(dead_code)] // the suite's list of networks is used here, its points are not
#[path = "../oracle/mod.rs"]
mod oracle;
#[allow(dead_code, unused_imports, unused_macros)]
#[path = "../suite/mod.rs"]
mod suite;

mod bytes;
mod hashes;
mod hostile;
mod listings;
mod order;
mod shape_errors;
mod simplification;
mod splitting;

use hesse_core::graph::{Graph, GraphBuilder, Mode, Op};

/// samples → linear → tanh → linear.
fn perceptron(hidden: usize) -> Graph {
    let mut g = GraphBuilder::new(Mode::Eval);
    let x = g.samples(&[4]).unwrap();
    let y = g.linear("below", x, hidden).unwrap();
    let y = g.tanh(y).unwrap();
    let z = g.linear("above", y, 3).unwrap();
    g.finish(z).unwrap()
}

/// The number of nodes whose primitive has this name.
fn count(g: &Graph, name: &str) -> usize {
    g.nodes().iter().filter(|n| n.op.name() == name).count()
}

/// Whether a primitive reads part of a direction.
fn is_direction(op: &Op) -> bool {
    use hesse_core::graph::Source::{OutputCotangent, ParameterTangent, SampleTangent};
    matches!(op, Op::Input(ParameterTangent(_) | SampleTangent | OutputCotangent))
}
