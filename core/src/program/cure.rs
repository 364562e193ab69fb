//! Training against curvature: the loss with a penalty on the input Hessian along one direction, CURE.
//!
//! The published method takes ‖∇ₓl(x + hz) − ∇ₓl(x)‖² with z = sign(g)/‖sign(g)‖, g = ∇ₓl(x), which is h²‖H_x z‖² up to
//! terms of higher order in h. Here H_x z itself is recorded: no h to choose, and no rounding of a difference. Its
//! gradient by the weights is a third derivative, which composes like any other (reverse over forward over reverse).
//! z counts as a constant, exactly: the derivative of a sign is zero wherever it exists.
//!
//! Source: Moosavi-Dezfooli, Fawzi, Uesato and Frossard, *Robustness via curvature regularization, and vice versa*, CVPR
//! 2019 (1811.09716), §5.

use super::{Problem, Program, Role, Wrt};
use crate::autodiff::{forward, reverse};
use crate::error::GraphError;
use crate::graph::{Dim, Graph, Kind, Op, Scalar, Source, Unary, ValueId};

impl Problem {
    /// The gradient of Σ_i l_i + `strength` · Σ_i ‖H_i z_i‖², H_i being the Hessian of the loss by sample i and z_i the
    /// unit vector along the signs of its gradient; otherwise as [`gradient`](Problem::gradient), `Loss` being the whole
    /// sum. Where batch norm couples the samples (train mode) H is that of the summed loss by all of them, applied to
    /// all z_i at once. Cost: about 13 F.
    ///
    /// # Errors
    /// As [`gradient`](Problem::gradient), and where the samples are not real numbers.
    pub fn curvature_regularized(&self, wrt: &Wrt, strength: f64) -> Result<Program, GraphError> {
        let mut g = self.graph.clone();
        let total = self.with_curvature(&mut g, strength)?;
        let mut outputs = vec![(total, Role::Loss), (self.loss.weight, Role::Weight), (self.output, Role::Output)];
        outputs.extend(g.buffer_updates().iter().map(|u| (u.value, Role::Buffer(u.buffer))));
        let seed = g.fill(1.0, g.shape(total).clone())?;
        outputs.extend(self.pulled_back(&mut g, total, seed, wrt)?);
        let mut program = self.program("curvature-regularised gradient", &g, outputs)?;
        program.result_len = self.dimension(wrt);
        Ok(program)
    }

    /// Appends the regularised loss.
    fn with_curvature(&self, g: &mut Graph, strength: f64) -> Result<ValueId, GraphError> {
        let x = g.values().find(|v| {
            let node = g.node(*v);
            node.op == Op::Input(Source::Samples) && node.kind == Kind::Real
        });
        let x = x.ok_or_else(|| GraphError::mismatch("curvature regularisation", "real samples", "none or indices"))?;
        let seed = g.fill(1.0, g.shape(self.loss.total).clone())?;
        let slope = reverse(g, self.loss.total, seed, &[x])?;
        let Some(Some(slope)) = slope.first() else { return Ok(self.loss.total) };
        let z = unit_signs(g, *slope)?;
        let curved = forward(g, &[(x, z)], &[*slope])?;
        let Some(Some(curved)) = curved.first() else { return Ok(self.loss.total) };
        let squares = g.mul(*curved, *curved)?;
        let axes: Vec<usize> = (0..g.shape(squares).rank()).collect();
        let penalty = g.sum(squares, &axes)?;
        let penalty = g.scale(penalty, strength)?;
        g.add(self.loss.total, penalty)
    }
}

/// sign(a)/‖sign(a)‖ for each sample; zero where a is zero throughout.
fn unit_signs(g: &mut Graph, a: ValueId) -> Result<ValueId, GraphError> {
    let shape = g.shape(a).clone();
    let sign = g.push(Op::Unary(Unary::Sign), &[a])?;
    let ones = g.push(Op::Unary(Unary::Abs), &[sign])?;
    let inner: Vec<usize> = (1..shape.rank()).collect();
    let count = g.sum(ones, &inner)?;
    // Without any sign: 0/√1 in place of 0/√0.
    let some = g.push(Op::Unary(Unary::Step), &[count])?;
    let none = g.scale(some, -1.0)?;
    let none = g.push(Op::Shift(Scalar(1.0)), &[none])?;
    let count = g.add(count, none)?;
    let length = g.push(Op::Unary(Unary::Sqrt), &[count])?;
    debug_assert_eq!(g.shape(length).dims(), [Dim::Batch(1)]);
    let length = g.broadcast(length, shape, &[0])?;
    g.div(sign, length)
}
