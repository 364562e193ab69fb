//! The rules by which a gradient becomes a step, on blocks of the device.

mod adam;
mod choice;
mod sgd;

pub use choice::Optimizer;

use super::{TrainError, TrainOptions};
use adam::Adam;
use hesse_core::SecondOrderBackend;
use hesse_core::vectors::{Block, VectorSpace};
use sgd::Sgd;

/// An optimiser with its state on the device.
pub(super) enum Stepper {
    Sgd { sgd: Sgd, velocity: Block },
    Adam(Box<Adam>),
}

impl Stepper {
    /// What a run with these options keeps between steps besides its parameters, by name: columns as long as they.
    pub fn state_names(options: &TrainOptions) -> &'static [&'static str] {
        match options.optimizer {
            Optimizer::Sgd => &["velocity"],
            Optimizer::Adam { .. } => &["first_moment", "second_moment"],
        }
    }

    /// The optimiser at the beginning, or with the state that [`state`](Self::state) gave.
    pub fn new(
        backend: &dyn SecondOrderBackend,
        space: &dyn VectorSpace,
        options: &TrainOptions,
        stored: Option<&[Vec<f64>]>,
    ) -> Result<Self, TrainError> {
        let column = |i: usize| -> Result<Block, TrainError> {
            let mut block = space.zeros(1)?;
            if let Some(values) = stored.and_then(|all| all.get(i)) {
                space.write(&mut block, 0, values)?;
            }
            Ok(block)
        };
        Ok(match options.optimizer {
            Optimizer::Sgd => Stepper::Sgd { sgd: Sgd::new(options), velocity: column(0)? },
            Optimizer::Adam { beta1, beta2, epsilon } => {
                let constants = adam::Constants { beta1, beta2, epsilon, weight_decay: options.weight_decay };
                Stepper::Adam(Box::new(Adam::new(backend, space, constants, [column(0)?, column(1)?])?))
            }
        })
    }

    /// Takes a step along the gradient of a summed loss of this weight; `number` counts steps from one. The gradient
    /// block is scratch afterwards.
    pub fn step(
        &mut self,
        space: &dyn VectorSpace,
        parameters: &mut Block,
        gradient: &mut Block,
        weight: f64,
        (rate, number): (f64, u64),
    ) -> Result<(), TrainError> {
        match self {
            Stepper::Sgd { sgd, velocity } => Ok(sgd.step(space, parameters, velocity, gradient, weight, rate)?),
            Stepper::Adam(adam) => adam.step(space, parameters, gradient, weight, (rate, number)),
        }
    }

    /// The columns of [`state_names`](Self::state_names), on the host.
    pub fn state(&self, space: &dyn VectorSpace) -> Result<Vec<Vec<f64>>, TrainError> {
        let blocks: Vec<&Block> = match self {
            Stepper::Sgd { velocity, .. } => vec![velocity],
            Stepper::Adam(adam) => adam.moments().into(),
        };
        Ok(blocks.into_iter().map(|block| space.read(block, 0)).collect::<Result<_, _>>()?)
    }
}
