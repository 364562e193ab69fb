//! Adam, as PyTorch defines it, on blocks of the device.
//!
//! g = G/W + λθ; m ← β₁m + (1 − β₁)g; v ← β₂v + (1 − β₂)g²; θ ← θ − η·m̂/(√v̂ + ε) with m̂ = m/(1 − β₁ᵗ) and
//! v̂ = v/(1 − β₂ᵗ). Spaces of vectors have no square and no root, so these are two small programs: every backend that
//! can run a network can take the step, and nothing leaves the device.
//!
//! Source: Kingma and Ba, *Adam*, ICLR 2015, Algorithm 1.

use crate::train::TrainError;
use hesse_core::SecondOrderBackend;
use hesse_core::autodiff::extract;
use hesse_core::backend::{Executable, Feed};
use hesse_core::error::GraphError;
use hesse_core::graph::{
    Binary, Dim, Graph, GraphBuilder, Init, Kind, Mode, Op, Scalar, Shape, Source, Unary, ValueId,
};
use hesse_core::program::{Output, Program, Role, Segment};
use hesse_core::vectors::{Block, VectorSpace};

/// The constants of every step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::train) struct Constants {
    pub beta1: f64,
    pub beta2: f64,
    pub epsilon: f64,
    pub weight_decay: f64,
}

/// Constants, moments, and the programs that no space of vectors has.
pub(in crate::train) struct Adam {
    constants: Constants,
    mean: Block,
    square: Block,
    /// −η m̂ and v̂ of the step.
    scaled: [Block; 2],
    squared: Box<dyn Executable>,
    quotient: Box<dyn Executable>,
}

impl Adam {
    pub fn new(
        backend: &dyn SecondOrderBackend,
        space: &dyn VectorSpace,
        constants: Constants,
        [mean, square]: [Block; 2],
    ) -> Result<Self, TrainError> {
        let n = space.dimension();
        Ok(Adam {
            constants,
            mean,
            square,
            scaled: [space.zeros(1)?, space.zeros(1)?],
            squared: backend.compile(&squared(n)?, 1)?,
            quotient: backend.compile(&quotient(n, constants.epsilon)?, 1)?,
        })
    }

    /// The running means of gradients and of their squares.
    pub fn moments(&self) -> [&Block; 2] {
        [&self.mean, &self.square]
    }

    /// Takes a step; `number` counts from one. Cost: some ten passes over the parameters.
    pub fn step(
        &mut self,
        space: &dyn VectorSpace,
        parameters: &mut Block,
        gradient: &mut Block,
        weight: f64,
        (rate, number): (f64, u64),
    ) -> Result<(), TrainError> {
        let Constants { beta1, beta2, weight_decay, .. } = self.constants;
        space.combine(gradient.all_mut(), 1.0 / weight, parameters.all(), &[weight_decay])?;
        space.combine(self.mean.all_mut(), beta1, gradient.all(), &[1.0 - beta1])?;
        // v + (1 − β₂)/β₂ · g² scaled by β₂ would divide by zero for β₂ = 0; √(1 − β₂)·g squared does not.
        space.scale(gradient.all_mut(), &[(1.0 - beta2).sqrt()])?;
        space.scale(self.square.all_mut(), &[beta2])?;
        let feed = Feed { direction: Some(gradient.all()), ..Feed::default() };
        self.squared.run(&feed, Some(self.square.all_mut()), None)?;

        let steps = number.min(i32::MAX as u64) as i32;
        let corrected = |beta: f64| 1.0 / (1.0 - beta.powi(steps));
        let [mean, square] = &mut self.scaled;
        for (from, to, factor) in
            [(&self.mean, mean, -rate * corrected(beta1)), (&self.square, square, corrected(beta2))]
        {
            space.copy(from.all(), to.all_mut())?;
            space.scale(to.all_mut(), &[factor])?;
        }
        let [mean, square] = &self.scaled;
        let feed = Feed { parameters: Some(mean.all()), buffers: Some(square.all()), ..Feed::default() };
        self.quotient.run(&feed, Some(parameters.all_mut()), None)?;
        Ok(())
    }
}

/// A graph with nothing but room for declared values, whose samples nobody reads.
fn graph(n: usize) -> Result<(Graph, [ValueId; 2]), GraphError> {
    let mut builder = GraphBuilder::new(Mode::Eval);
    let unused = builder.samples(&[1])?;
    let mean = builder.parameter("mean", &[n], Init::Constant(0.0))?;
    let (_, square) = builder.buffer("square", &[n], 0.0)?;
    Ok((builder.finish(unused)?, [mean, square]))
}

fn program(name: &str, g: &Graph, value: ValueId, n: usize, direction: Vec<Segment>) -> Result<Program, GraphError> {
    let (graph, values) = extract(g, &[value])?;
    let outputs = values.into_iter().map(|value| Output { value, role: Role::Flat { offset: 0 } }).collect();
    let direction_len = Dim::Fixed(if direction.is_empty() { 0 } else { n });
    Ok(Program { name: name.to_string(), graph, outputs, direction, direction_len, result_len: Dim::Fixed(n) })
}

/// The squares of the direction.
fn squared(n: usize) -> Result<Program, GraphError> {
    // Without declarations: no parameters are fed.
    let mut g = Graph::default();
    let source = Source::ParameterTangent(0);
    let x = g.leaf(source, Shape::fixed(&[n])?, Kind::Real)?;
    let squares = g.mul(x, x)?;
    program("squared gradient", &g, squares, n, vec![Segment { source, offset: 0 }])
}

/// mean/(√square + ε).
fn quotient(n: usize, epsilon: f64) -> Result<Program, GraphError> {
    let (mut g, [mean, square]) = graph(n)?;
    let root = g.push(Op::Unary(Unary::Sqrt), &[square])?;
    let below = g.push(Op::Shift(Scalar(epsilon)), &[root])?;
    let step = g.push(Op::Binary(Binary::Div), &[mean, below])?;
    program("Adam's step", &g, step, n, Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;
    use hesse_core::backend::BackendRequest;
    use hesse_core::registry;
    use hesse_core::vectors::Precision;

    #[test]
    fn every_backend_takes_the_steps_of_the_formula() {
        let (rates, curvatures) = ([0.1, 0.1, 0.05, 0.2], [2.0, 1e-6, 3.0]);
        for entry in registry::backends() {
            let request = BackendRequest { device: "cpu".into(), precision: Precision::F64, threads: Some(1) };
            let backend = (entry.open)(&request).unwrap();
            let space = backend.space(3, Precision::F64);
            for constants in [
                Constants { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.0 },
                Constants { beta1: 0.5, beta2: 0.0, epsilon: 1e-3, weight_decay: 0.1 },
            ] {
                let blocks = [space.zeros(1).unwrap(), space.zeros(1).unwrap()];
                let mut adam = Adam::new(backend.as_ref(), space.as_ref(), constants, blocks).unwrap();
                let mut theta = space.zeros(1).unwrap();
                space.write(&mut theta, 0, &[1.0, -2.0, 0.0]).unwrap();
                let mut by_hand: Vec<[f64; 3]> = vec![[1.0, 0.0, 0.0], [-2.0, 0.0, 0.0], [0.0, 0.0, 0.0]];
                let mut gradient = space.zeros(1).unwrap();
                for (t, rate) in rates.into_iter().enumerate() {
                    let at = space.read(&theta, 0).unwrap();
                    let summed: Vec<f64> = at.iter().zip(curvatures).map(|(x, c)| 5.0 * c * x).collect();
                    space.write(&mut gradient, 0, &summed).unwrap();
                    adam.step(space.as_ref(), &mut theta, &mut gradient, 5.0, (rate, t as u64 + 1)).unwrap();
                    for ([x, m, v], c) in by_hand.iter_mut().zip(curvatures) {
                        let g = c * *x + constants.weight_decay * *x;
                        *m = constants.beta1 * *m + (1.0 - constants.beta1) * g;
                        *v = constants.beta2 * *v + (1.0 - constants.beta2) * g * g;
                        let m_hat = *m / (1.0 - constants.beta1.powi(t as i32 + 1));
                        let v_hat = *v / (1.0 - constants.beta2.powi(t as i32 + 1));
                        *x -= rate * m_hat / (v_hat.sqrt() + constants.epsilon);
                    }
                }
                let found = space.read(&theta, 0).unwrap();
                let close = found.iter().zip(&by_hand).all(|(a, [b, ..])| (a - b).abs() <= 1e-13 * b.abs());
                assert!(close, "{}: {found:?} and {by_hand:?}", entry.name);
            }
        }
    }
}
