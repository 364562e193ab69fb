//! Rules of the primitives that are not linear.
//!
//! Derivatives are written in the result y where that needs no further value to be kept (relu, tanh, sigmoid, exp, √,
//! 1/x). The softmax family keeps its accuracy for saturated outputs: second derivatives pass through
//! `SoftmaxCovariance`, p_i Σ_j p_j (u_i − u_j), and 1 − p is never formed.

use crate::error::GraphError;
use crate::graph::{Binary, Graph, Node, Op, Scalar, Unary, ValueId};

type Outcome<T> = Result<T, GraphError>;

/// f′(x) for a function of one number with result y; nothing where it is zero everywhere.
fn slope(g: &mut Graph, node: &Node, y: ValueId) -> Outcome<Option<ValueId>> {
    let x = node.operands[0];
    let Op::Unary(f) = node.op else {
        // x⁰ is flat; the rule below would give 0·x⁻¹, which is NaN at zero.
        let Op::Power(p) = node.op else { return Ok(None) };
        if p.0 == 0.0 {
            return Ok(None);
        }
        let lower = g.push(Op::Power(Scalar(p.0 - 1.0)), &[x])?;
        return g.scale(lower, p.0).map(Some);
    };
    Ok(Some(match f {
        Unary::Exp => y,
        Unary::Log => g.push(Op::Unary(Unary::Reciprocal), &[x])?,
        Unary::Sqrt => {
            let r = g.push(Op::Unary(Unary::Reciprocal), &[y])?;
            g.scale(r, 0.5)?
        }
        Unary::Reciprocal => {
            let square = g.mul(y, y)?;
            g.scale(square, -1.0)?
        }
        Unary::Tanh => {
            let square = g.mul(y, y)?;
            let negative = g.scale(square, -1.0)?;
            g.push(Op::Shift(Scalar(1.0)), &[negative])?
        }
        Unary::Sigmoid => {
            let square = g.mul(y, y)?;
            g.sub(y, square)?
        }
        Unary::Softplus => g.push(Op::Unary(Unary::Sigmoid), &[x])?,
        Unary::Relu => g.push(Op::Unary(Unary::Step), &[y])?,
        Unary::Abs => g.push(Op::Unary(Unary::Sign), &[x])?,
        Unary::Sin => g.push(Op::Unary(Unary::Cos), &[x])?,
        Unary::Cos => {
            let sine = g.push(Op::Unary(Unary::Sin), &[x])?;
            g.scale(sine, -1.0)?
        }
        Unary::NormalCdf => g.push(Op::Unary(Unary::NormalPdf), &[x])?,
        Unary::NormalPdf => {
            let product = g.mul(x, y)?;
            g.scale(product, -1.0)?
        }
        Unary::Step | Unary::Sign => return Ok(None),
    }))
}

/// Repeats a value without its last axis along the last axis of `like`.
fn along_last(g: &mut Graph, value: ValueId, like: ValueId) -> Outcome<ValueId> {
    let shape = g.shape(like).clone();
    let leading: Vec<usize> = (0..shape.rank().saturating_sub(1)).collect();
    g.broadcast(value, shape, &leading)
}

/// Σ over the last axis of a ∘ b.
fn inner(g: &mut Graph, a: ValueId, b: ValueId) -> Outcome<ValueId> {
    let product = g.mul(a, b)?;
    let last = g.shape(product).rank().saturating_sub(1);
    g.sum(product, &[last])
}

fn covariance(g: &mut Graph, p: ValueId, u: ValueId) -> Outcome<ValueId> {
    g.push(Op::SoftmaxCovariance, &[p, u])
}

pub(super) fn jvp(g: &mut Graph, node: &Node, y: ValueId, t: &[Option<ValueId>]) -> Outcome<Option<ValueId>> {
    let x = &node.operands;
    match &node.op {
        Op::Unary(_) | Op::Power(_) => match (slope(g, node, y)?, t[0]) {
            (Some(s), Some(t)) => g.mul(s, t).map(Some),
            _ => Ok(None),
        },
        // (ȧ − y·ḃ) / b
        Op::Binary(Binary::Div) => {
            let correction = t[1].map(|tb| g.mul(y, tb)).transpose()?;
            let numerator = match (t[0], correction) {
                (Some(a), Some(c)) => Some(g.sub(a, c)?),
                (None, Some(c)) => Some(g.scale(c, -1.0)?),
                (a, None) => a,
            };
            numerator.map(|n| g.div(n, x[1])).transpose()
        }
        Op::Softmax => t[0].map(|u| covariance(g, y, u)).transpose(),
        Op::SoftmaxResidual => match t[0] {
            Some(u) => {
                let p = g.push(Op::Softmax, &[x[0]])?;
                covariance(g, p, u).map(Some)
            }
            None => Ok(None),
        },
        Op::SoftmaxCovariance => {
            // d(p∘centre(p,u)) = ṗ∘centre(p,u) − p·⟨ṗ,u⟩ + cov(p, u̇)
            let linear = t[1].map(|tu| covariance(g, x[0], tu)).transpose()?;
            let moved = t[0].map(|tp| cov_wrt_p(g, x[0], x[1], tp)).transpose()?;
            super::sum(g, linear, moved)
        }
        Op::SoftmaxCentre => {
            let linear = t[1].map(|tu| g.push(Op::SoftmaxCentre, &[x[0], tu])).transpose()?;
            let moved = match t[0] {
                Some(tp) => {
                    let s = inner(g, tp, x[1])?;
                    let s = along_last(g, s, x[1])?;
                    Some(g.scale(s, -1.0)?)
                }
                None => None,
            };
            super::sum(g, linear, moved)
        }
        Op::LogSumExp => match t[0] {
            Some(u) => {
                let p = g.push(Op::Softmax, &[x[0]])?;
                inner(g, p, u).map(Some)
            }
            None => Ok(None),
        },
        Op::CrossEntropy => match t[0] {
            Some(u) => {
                let r = g.push(Op::SoftmaxResidual, x)?;
                inner(g, r, u).map(Some)
            }
            None => Ok(None),
        },
        _ => Ok(None),
    }
}

fn cov_wrt_p(g: &mut Graph, p: ValueId, u: ValueId, tp: ValueId) -> Outcome<ValueId> {
    let centred = g.push(Op::SoftmaxCentre, &[p, u])?;
    let first = g.mul(tp, centred)?;
    let s = inner(g, tp, u)?;
    let s = along_last(g, s, p)?;
    let second = g.mul(p, s)?;
    g.sub(first, second)
}

pub(super) fn vjp(
    g: &mut Graph,
    node: &Node,
    y: ValueId,
    c: ValueId,
    needed: &[bool],
) -> Outcome<Vec<Option<ValueId>>> {
    let x = &node.operands;
    let wants = |i: usize| needed.get(i).copied().unwrap_or(false);
    match &node.op {
        Op::Unary(_) | Op::Power(_) => {
            let s = slope(g, node, y)?;
            Ok(vec![s.map(|s| g.mul(s, c)).transpose()?])
        }
        Op::Binary(Binary::Div) => {
            let first = g.div(c, x[1])?;
            let second = if wants(1) {
                let product = g.mul(first, y)?;
                Some(g.scale(product, -1.0)?)
            } else {
                None
            };
            Ok(vec![Some(first), second])
        }
        Op::Softmax => Ok(vec![Some(covariance(g, y, c)?)]),
        Op::SoftmaxResidual => {
            let p = g.push(Op::Softmax, &[x[0]])?;
            Ok(vec![Some(covariance(g, p, c)?), None])
        }
        Op::SoftmaxCovariance => {
            let wrt_p = if wants(0) {
                // c∘centre(p,u) − u·⟨c,p⟩
                let centred = g.push(Op::SoftmaxCentre, &[x[0], x[1]])?;
                let first = g.mul(c, centred)?;
                let s = inner(g, c, x[0])?;
                let s = along_last(g, s, x[1])?;
                let second = g.mul(x[1], s)?;
                Some(g.sub(first, second)?)
            } else {
                None
            };
            let wrt_u = if wants(1) { Some(covariance(g, x[0], c)?) } else { None };
            Ok(vec![wrt_p, wrt_u])
        }
        Op::SoftmaxCentre => {
            let last = g.shape(c).rank().saturating_sub(1);
            let total = g.sum(c, &[last])?;
            let total = along_last(g, total, c)?;
            let wrt_p = if wants(0) {
                let product = g.mul(total, x[1])?;
                Some(g.scale(product, -1.0)?)
            } else {
                None
            };
            let wrt_u = if wants(1) {
                let product = g.mul(total, x[0])?;
                Some(g.sub(c, product)?)
            } else {
                None
            };
            Ok(vec![wrt_p, wrt_u])
        }
        Op::LogSumExp => {
            let p = g.push(Op::Softmax, &[x[0]])?;
            let c = along_last(g, c, p)?;
            Ok(vec![Some(g.mul(p, c)?)])
        }
        Op::CrossEntropy => {
            let r = g.push(Op::SoftmaxResidual, x)?;
            let c = along_last(g, c, r)?;
            Ok(vec![Some(g.mul(r, c)?), None])
        }
        _ => Ok(vec![None; x.len()]),
    }
}
