//! Whether a network is piecewise linear in each single entry of its parameters.
//!
//! Then ∂²z/∂θ_i² = 0 wherever it exists, and with H = Jᵀ H_L J + Σ_k (∂loss/∂z_k) ∇²z_k the Hessian and the Gauss–Newton
//! matrix have the same diagonal and the same trace. ReLU networks with batch norm in eval mode are of this kind: a path
//! through the network meets a parameter once. Tied weights, smooth activations and batch statistics are not.
//!
//! Decided by the degree in a parameter of every value: 0, 1, or more. It errs to the safe side, as it looks at whole
//! tensors: w₁·w₂ with both from one tensor counts as quadratic.

use super::{Problem, Wrt};
use crate::graph::{Binary, Graph, Op, Source, Unary, ValueId};

/// Anything but linear.
const MORE: u8 = 2;

impl Problem {
    /// Whether the output is piecewise linear in each entry of the selected parameters alone, so that the Hessian's diagonal
    /// is that of the Gauss–Newton matrix; false where it cannot be told.
    pub fn is_linear_in_each_parameter(&self, wrt: &Wrt) -> bool {
        let Wrt::Parameters(which) = wrt else { return false };
        which.iter().all(|&parameter| degree(&self.graph, self.output, parameter) < MORE)
    }
}

/// The degree of a value in a parameter.
fn degree(g: &Graph, value: ValueId, parameter: usize) -> u8 {
    let mut degrees: Vec<u8> = Vec::new();
    for v in g.values() {
        let node = g.node(v);
        let of = |i: usize| {
            let operand = node.operands.get(i);
            operand.and_then(|o| degrees.get(o.index())).copied().unwrap_or(MORE)
        };
        let all = || (0..node.operands.len()).map(of);
        let highest = || all().max().unwrap_or(0);
        let none_or_more = || if highest() == 0 { 0 } else { MORE };
        let found = match &node.op {
            Op::Input(source) => u8::from(*source == Source::Parameter(parameter)),
            Op::Fill(_) | Op::Table(_) => 0,
            // Piecewise constant.
            Op::Unary(Unary::Step | Unary::Sign)
            | Op::Binary(Binary::Greater)
            | Op::MaxPoolIndex(_)
            | Op::ArgMax
            | Op::IndexEquals(_)
            | Op::IndexReplace(..)
            | Op::OneHot(_) => 0,
            Op::Unary(Unary::Relu | Unary::Abs)
            | Op::Binary(Binary::Add | Binary::Sub)
            | Op::Scale { .. }
            | Op::Shift(_)
            | Op::AveragePool { .. }
            | Op::AveragePoolGrad { .. }
            | Op::Reshape(_)
            | Op::Permute(_)
            | Op::Broadcast { .. }
            | Op::Sum(_)
            | Op::Concat(_)
            | Op::Slice { .. }
            | Op::Pad { .. } => highest(),
            // The second operand says where, and an index has no degree.
            Op::Gather | Op::ScatterAdd(_) | Op::TakeRows | Op::PutRows(_) => of(0),
            Op::Binary(Binary::Div) if of(1) == 0 => of(0),
            Op::Binary(Binary::Mul)
            | Op::MatMul { .. }
            | Op::Conv(_)
            | Op::ConvInputGrad(_)
            | Op::ConvWeightGrad(_) => all().sum::<u8>().min(MORE),
            // Smooth functions, softmax and its kin, and what the graph does not spell out.
            _ => none_or_more(),
        };
        degrees.push(found);
    }
    degrees.get(value.index()).copied().unwrap_or(MORE)
}
