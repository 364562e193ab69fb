//! Softmax and its relatives inside a network, on any axis.

use crate::suite::case::Case;
use hesse_core::error::GraphError;
use hesse_core::graph::{Dim, GraphBuilder, Op, ValueId};

fn between(name: &'static str, f: impl FnOnce(&mut GraphBuilder, ValueId) -> Result<ValueId, GraphError>) -> Case {
    Case::new(name, |g| {
        let x = g.samples(&[3])?;
        let z = g.linear("below", x, 4)?;
        let y = f(g, z)?;
        let y = rows(g, y)?;
        g.linear("above", y, 3)
    })
}

/// Shapes whatever a function returned as `[B, n]`.
fn rows(g: &mut GraphBuilder, y: ValueId) -> Result<ValueId, GraphError> {
    match g.shape(y).rank() {
        1 => g.reshape(y, &[Dim::Batch(1), Dim::Fixed(1)]),
        _ => g.flatten(y),
    }
}

fn along(name: &'static str, axis: usize) -> Case {
    Case::new(name, move |g| {
        let x = g.samples(&[2, 3])?;
        let z = g.linear("below", x, 3)?;
        let p = g.softmax(z, axis)?;
        let y = g.mul(p, x)?;
        let y = g.flatten(y)?;
        g.linear("above", y, 2)
    })
}

pub fn cases() -> Vec<Case> {
    vec![
        between("softmax", |g, z| g.softmax(z, 1)),
        along("softmax along the last of three axes", 2),
        along("softmax along the middle axis", 1),
        between("log of the sum of exponentials", |g, z| {
            let y = g.push(Op::LogSumExp, &[z])?;
            g.mul(y, y)
        }),
        between("covariance under a softmax", |g, z| {
            let p = g.softmax(z, 1)?;
            let u = g.tanh(z)?;
            g.push(Op::SoftmaxCovariance, &[p, u])
        }),
        between("centred under a softmax", |g, z| {
            let p = g.softmax(z, 1)?;
            let u = g.mul(z, z)?;
            g.push(Op::SoftmaxCentre, &[p, u])
        }),
        between("cross-entropy to the largest class", |g, z| {
            let y = g.push(Op::ArgMax, &[z])?;
            g.push(Op::CrossEntropy, &[z, y])
        }),
        between("residual to the largest class", |g, z| {
            let y = g.push(Op::ArgMax, &[z])?;
            g.push(Op::SoftmaxResidual, &[z, y])
        }),
        between("softmax of large numbers", |g, z| {
            let z = g.scale(z, 6.0)?;
            let z = g.shift(z, 30.0)?;
            g.softmax(z, 1)
        }),
    ]
}
