//! What is timed.

use std::str::FromStr;

/// One derivative, or one step of training.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Loss and gradient with respect to all parameters.
    Gradient,
    /// H·v with respect to all parameters, its primal part kept.
    HessianProduct,
    /// G·v, the Gauss–Newton product, its primal part kept.
    GaussNewtonProduct,
    /// H_x·v of every sample of the batch with respect to itself, its primal part kept.
    InputHessianProduct,
    /// Gradient in train mode and a step of stochastic gradient descent with momentum.
    TrainingStep,
}

impl Operation {
    /// All, in the order in which they are shown.
    pub const ALL: [Operation; 5] = [
        Operation::Gradient,
        Operation::HessianProduct,
        Operation::GaussNewtonProduct,
        Operation::InputHessianProduct,
        Operation::TrainingStep,
    ];

    /// The name on the command line and in results.
    pub fn name(self) -> &'static str {
        match self {
            Operation::Gradient => "gradient",
            Operation::HessianProduct => "hvp",
            Operation::GaussNewtonProduct => "ggn",
            Operation::InputHessianProduct => "input_hvp",
            Operation::TrainingStep => "train",
        }
    }

    /// Its arithmetic in forward passes: 3 for a gradient (the pass itself, and two products of the same size for every layer),
    /// 6 for a kept H·v (two tangents of each of the three), 4 for G·v (J, then Jᵀ with both of its products, and the forward
    /// pass), 2 for H_x·v of a piecewise-linear network (J, then Jᵀ), each as a convention: the first layer has no gradient
    /// with respect to the samples, so that a share of the ceiling may pass 100 %.
    pub fn passes(self) -> f64 {
        match self {
            Operation::Gradient | Operation::TrainingStep => 3.0,
            Operation::HessianProduct => 6.0,
            Operation::GaussNewtonProduct => 4.0,
            Operation::InputHessianProduct => 2.0,
        }
    }

    /// Whether it multiplies a direction, and so can take several at once.
    pub fn has_direction(self) -> bool {
        !matches!(self, Operation::Gradient | Operation::TrainingStep)
    }
}

impl FromStr for Operation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names = || Operation::ALL.map(Operation::name).join(", ");
        let found = Operation::ALL.into_iter().find(|o| o.name() == text);
        found.ok_or_else(|| format!("'{}': expected one of {}", text.escape_debug(), names()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_back_and_another_is_refused_with_the_list() {
        for operation in Operation::ALL {
            assert_eq!(operation.name().parse(), Ok(operation));
        }
        assert!("hessian".parse::<Operation>().unwrap_err().contains("input_hvp"));
    }
}
