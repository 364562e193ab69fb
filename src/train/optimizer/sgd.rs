//! Stochastic gradient descent with momentum, as PyTorch defines it, on blocks of the device.
//!
//! g = G/W + λθ; v ← μv + g; θ ← θ − η v, or θ ← θ − η (g + μv) in Nesterov's form. G is the gradient of the summed
//! loss and W its weight. The velocity starts at nothing, which for the first step equals PyTorch's copy of g.

use crate::train::TrainOptions;
use hesse_core::vectors::{Block, VectorError, VectorSpace};

/// The constants of every step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::train) struct Sgd {
    momentum: f64,
    nesterov: bool,
    weight_decay: f64,
}

impl Sgd {
    pub fn new(options: &TrainOptions) -> Self {
        Sgd { momentum: options.momentum, nesterov: options.nesterov, weight_decay: options.weight_decay }
    }

    /// Takes a step. The gradient block is scratch afterwards. Cost: two to four passes over the parameters.
    ///
    /// # Errors
    /// Where the blocks are not of this space.
    pub fn step(
        &self,
        space: &dyn VectorSpace,
        parameters: &mut Block,
        velocity: &mut Block,
        gradient: &mut Block,
        weight: f64,
        rate: f64,
    ) -> Result<(), VectorError> {
        let mut scale = 1.0 / weight;
        if self.weight_decay != 0.0 || self.nesterov {
            space.combine(gradient.all_mut(), scale, parameters.all(), &[self.weight_decay])?;
            scale = 1.0;
        }
        space.combine(velocity.all_mut(), self.momentum, gradient.all(), &[scale])?;
        if self.nesterov {
            space.combine(parameters.all_mut(), 1.0, gradient.all(), &[-rate])?;
            space.combine(parameters.all_mut(), 1.0, velocity.all(), &[-rate * self.momentum])
        } else {
            space.combine(parameters.all_mut(), 1.0, velocity.all(), &[-rate])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hesse_core::host::HostSpace;
    use hesse_core::vectors::Precision;

    /// Three steps on the gradient of (2θ₀² + θ₁²)·5/2, of weight 5, from (1, −2); by hand on the other side.
    fn steps(sgd: Sgd) -> Vec<f64> {
        let space = HostSpace::new(2, Precision::F64);
        let [mut theta, mut velocity, mut gradient] = [(); 3].map(|()| space.zeros(1).unwrap());
        space.write(&mut theta, 0, &[1.0, -2.0]).unwrap();
        for rate in [0.1, 0.1, 0.05] {
            let at = space.read(&theta, 0).unwrap();
            space.write(&mut gradient, 0, &[5.0 * 2.0 * at[0], 5.0 * at[1]]).unwrap();
            sgd.step(&space, &mut theta, &mut velocity, &mut gradient, 5.0, rate).unwrap();
        }
        space.read(&theta, 0).unwrap()
    }

    fn by_hand(sgd: Sgd) -> Vec<f64> {
        let mut result = Vec::new();
        for (mut theta, curvature) in [(1.0, 2.0), (-2.0, 1.0)] {
            let mut velocity = 0.0;
            for rate in [0.1, 0.1, 0.05] {
                let g = curvature * theta + sgd.weight_decay * theta;
                velocity = sgd.momentum * velocity + g;
                theta -= rate * if sgd.nesterov { g + sgd.momentum * velocity } else { velocity };
            }
            result.push(theta);
        }
        result
    }

    #[test]
    fn every_form_takes_the_steps_of_its_formula() {
        for (momentum, nesterov, weight_decay) in
            [(0.0, false, 0.0), (0.9, false, 0.0), (0.9, true, 0.0), (0.9, false, 0.01), (0.8, true, 0.1)]
        {
            let sgd = Sgd { momentum, nesterov, weight_decay };
            let (found, expected) = (steps(sgd), by_hand(sgd));
            assert!(found.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-14), "{sgd:?} {found:?} {expected:?}");
        }
    }
}
