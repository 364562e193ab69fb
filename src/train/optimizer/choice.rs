//! Which optimiser, as written on the command line: `sgd`, or `adam:beta1=0.9,beta2=0.999,epsilon=1e-8`.

use crate::train::{TrainError, options::require};
use hesse_core::options::{OptionKind, OptionSpec, Options};
use std::fmt;
use std::str::FromStr;

/// The rule of a step.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Optimizer {
    /// Stochastic gradient descent with momentum.
    #[default]
    Sgd,
    /// Adam with PyTorch's definition (Kingma and Ba, ICLR 2015); weight decay is added to the gradient.
    Adam {
        /// Share of the old mean gradient, in [0, 1).
        beta1: f64,
        /// Share of the old mean square, in [0, 1).
        beta2: f64,
        /// Added to the root of the mean square, above 0.
        epsilon: f64,
    },
}

const SPECS: &[OptionSpec] = &[
    OptionSpec { name: "beta1", kind: OptionKind::Real, default: "0.9", help: "share of the old mean gradient" },
    OptionSpec { name: "beta2", kind: OptionKind::Real, default: "0.999", help: "share of the old mean square" },
    OptionSpec { name: "epsilon", kind: OptionKind::Real, default: "1e-8", help: "added to the root" },
];

impl Optimizer {
    /// Adam with the usual constants.
    pub fn adam() -> Self {
        Optimizer::Adam { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }
    }

    pub(in crate::train) fn check(&self) -> Result<(), TrainError> {
        let Optimizer::Adam { beta1, beta2, epsilon } = self else { return Ok(()) };
        for (name, beta) in [("beta1 of Adam", beta1), ("beta2 of Adam", beta2)] {
            require((0.0..1.0).contains(beta), name, "a number from 0 to below 1", beta)?;
        }
        require(*epsilon > 0.0 && epsilon.is_finite(), "epsilon of Adam", "a positive number", epsilon)
    }
}

impl fmt::Display for Optimizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Optimizer::Sgd => f.write_str("sgd"),
            Optimizer::Adam { beta1, beta2, epsilon } => {
                write!(f, "adam:beta1={beta1},beta2={beta2},epsilon={epsilon}")
            }
        }
    }
}

impl FromStr for Optimizer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, options) = Options::split(text).map_err(|e| e.to_string())?;
        let number =
            |key, default| Ok::<_, String>(options.number(key, 0.0).map_err(|e| e.to_string())?.unwrap_or(default));
        let optimizer = match name.as_str() {
            "sgd" => {
                options.check("sgd", &[]).map_err(|e| e.to_string())?;
                Optimizer::Sgd
            }
            "adam" => {
                options.check("adam", SPECS).map_err(|e| e.to_string())?;
                let (beta1, beta2) = (number("beta1", 0.9)?, number("beta2", 0.999)?);
                Optimizer::Adam { beta1, beta2, epsilon: number("epsilon", 1e-8)? }
            }
            other => return Err(format!("expected sgd or adam, found `{}`", other.escape_debug())),
        };
        optimizer.check().map_err(|e| e.to_string())?;
        Ok(optimizer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_optimizer_is_written_as_it_is_read() {
        for optimizer in [Optimizer::Sgd, Optimizer::adam()] {
            assert_eq!(optimizer.to_string().parse(), Ok(optimizer));
        }
        assert_eq!("adam".parse(), Ok(Optimizer::adam()));
        for text in ["", "adamw", "sgd:beta1=0.5", "adam:beta1=1", "adam:epsilon=0", "adam:beta3=0.1"] {
            assert!(text.parse::<Optimizer>().is_err(), "{text}");
        }
    }
}
