//! One `jvp` and one `vjp` rule for every primitive.
//!
//! Most primitives are linear in each real operand. For those the forward rule is the primitive itself applied to the
//! tangent, and only the adjoint has to be written down. The rest (functions of one number, products, quotients,
//! powers, softmax and cross-entropy) have both, and so has a function outside the graph.

mod adjoint;
mod differential;
mod non_linear;

use crate::error::GraphError;
use crate::graph::{Binary, Graph, Kind, Op, ValueId};

/// The tangent of `value`, given its operands' tangents; nothing where it is structurally zero.
pub(super) fn jvp(g: &mut Graph, value: ValueId, tangents: &[Option<ValueId>]) -> Result<Option<ValueId>, GraphError> {
    let node = g.node(value).clone();
    if node.kind == Kind::Index || tangents.iter().all(Option::is_none) {
        return Ok(None);
    }
    let x = &node.operands;
    match &node.op {
        // Linear in its only real operand; indices beside it are constants.
        Op::Scale { .. }
        | Op::AveragePool { .. }
        | Op::AveragePoolGrad { .. }
        | Op::Gather
        | Op::ScatterAdd(_)
        | Op::TakeRows
        | Op::PutRows(_)
        | Op::Reshape(_)
        | Op::Permute(_)
        | Op::Broadcast { .. }
        | Op::Sum(_)
        | Op::Slice { .. }
        | Op::Pad { .. } => {
            let Some(t) = tangents[0] else { return Ok(None) };
            let operands: Vec<ValueId> = [t].into_iter().chain(x[1..].iter().copied()).collect();
            g.push(node.op, &operands).map(Some)
        }
        Op::Shift(_) => Ok(tangents[0]),
        Op::Binary(Binary::Add) => sum(g, tangents[0], tangents[1]),
        Op::Binary(Binary::Sub) => {
            let negative = tangents[1].map(|t| g.scale(t, -1.0)).transpose()?;
            match (tangents[0], tangents[1]) {
                (Some(a), Some(b)) => g.sub(a, b).map(Some),
                (a, _) => Ok(a.or(negative)),
            }
        }
        // Linear in each of two operands.
        Op::Binary(Binary::Mul) | Op::MatMul { .. } | Op::Conv(_) | Op::ConvInputGrad(_) | Op::ConvWeightGrad(_) => {
            let first = tangents[0].map(|t| g.push(node.op.clone(), &[t, x[1]])).transpose()?;
            let second = tangents[1].map(|t| g.push(node.op.clone(), &[x[0], t])).transpose()?;
            sum(g, first, second)
        }
        Op::Concat(_) => {
            let parts = x
                .iter()
                .zip(tangents)
                .map(|(&operand, t)| match t {
                    Some(t) => Ok(*t),
                    None => g.fill(0.0, g.shape(operand).clone()),
                })
                .collect::<Result<Vec<_>, _>>()?;
            g.push(node.op, &parts).map(Some)
        }
        Op::Input(_)
        | Op::Fill(_)
        | Op::Table(_)
        | Op::Binary(Binary::Greater)
        | Op::MaxPoolIndex(_)
        | Op::ArgMax
        | Op::IndexEquals(_)
        | Op::IndexReplace(..)
        | Op::OneHot(_) => Ok(None),
        Op::Unary(_)
        | Op::Binary(Binary::Div)
        | Op::Power(_)
        | Op::Softmax
        | Op::SoftmaxCovariance
        | Op::SoftmaxCentre
        | Op::LogSumExp
        | Op::CrossEntropy
        | Op::SoftmaxResidual => non_linear::jvp(g, &node, value, tangents),
        Op::Differential(of) => differential::jvp(g, &node, of, tangents),
    }
}

/// The cotangents of the operands of `value`, given its own; `needed` says which are wanted.
pub(super) fn vjp(
    g: &mut Graph,
    value: ValueId,
    cotangent: ValueId,
    needed: &[bool],
) -> Result<Vec<Option<ValueId>>, GraphError> {
    let node = g.node(value).clone();
    match &node.op {
        Op::Unary(_)
        | Op::Binary(Binary::Div)
        | Op::Power(_)
        | Op::Softmax
        | Op::SoftmaxCovariance
        | Op::SoftmaxCentre
        | Op::LogSumExp
        | Op::CrossEntropy
        | Op::SoftmaxResidual => non_linear::vjp(g, &node, value, cotangent, needed),
        Op::Differential(of) => differential::vjp(g, &node, of, cotangent, needed),
        _ => adjoint::vjp(g, &node, cotangent, needed),
    }
}

/// The sum of two values that may be absent.
pub(super) fn sum(g: &mut Graph, a: Option<ValueId>, b: Option<ValueId>) -> Result<Option<ValueId>, GraphError> {
    match (a, b) {
        (Some(a), Some(b)) => g.add(a, b).map(Some),
        (a, b) => Ok(a.or(b)),
    }
}
