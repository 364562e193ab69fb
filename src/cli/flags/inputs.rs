//! Flags of `spectrum` about what the Hessian is taken with respect to.

use super::spectrum::DEFAULT_SOLVER;
use super::{SpectrumFlags, parse};
use crate::spectrum::MatrixName;
use crate::spectrum::inputs::{InputMethod, InputOptions};
use clap::{Args, ValueEnum};

/// What the loss is differentiated by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum WithRespectTo {
    /// Trainable parameters: one Hessian of the mean loss
    Weights,
    /// Pixels: one Hessian of its own loss for each sample
    Inputs,
}

/// What the Hessian is taken with respect to.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Spectrum")]
pub struct InputFlags {
    /// Differentiate by the weights (one Hessian of the mean loss) or by the inputs (one for each sample's own
    /// cross-entropy)
    #[arg(long, value_name = "weights|inputs", default_value = "weights")]
    pub wrt: WithRespectTo,
    /// With --wrt inputs: logits (all non-zero eigenvalues from C backward passes, on piecewise-linear networks),
    /// lanczos (any network, and what --bottom needs), or auto
    #[arg(long, value_name = "auto|logits|lanczos", default_value = "auto")]
    pub input_method: InputMethod,
    /// With --wrt inputs and lanczos: random probes of each sample's trace, one product each; 0 for no trace
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = parse::whole)]
    pub input_probes: usize,
}

impl SpectrumFlags {
    /// What is wanted of input Hessians.
    ///
    /// # Errors
    /// Where flags belong to Hessians with respect to weights.
    pub fn input_options(&self) -> Result<InputOptions, String> {
        if self.measure.params.is_some() {
            return Err("--params selects weights; leave it out with --wrt inputs".to_string());
        }
        if let Some(flag) = self.set_for_weights() {
            return Err(format!("{flag} is for the Hessian with respect to weights; leave it out with --wrt inputs"));
        }
        if self.top == 0 && self.bottom == 0 {
            return Err("--top 0: expected at least one eigenvalue; ask for --top K or --bottom K".to_string());
        }
        Ok(InputOptions {
            largest: self.top,
            smallest: self.bottom,
            tolerance: self.tol,
            max_products: self.max_products,
            method: self.inputs.input_method,
            probes: self.inputs.input_probes,
        })
    }

    /// The first flag that is set and means nothing for input Hessians: silence would be taken for an answer.
    fn set_for_weights(&self) -> Option<&'static str> {
        let (matrix, estimates, around) = (&self.matrix, &self.estimates, &self.around);
        let flags = [
            (matrix.matrix != MatrixName::default(), "--matrix"),
            (matrix.block_diagonal, "--block-diagonal"),
            (matrix.per_layer, "--per-layer"),
            (estimates.density, "--density"),
            (estimates.trace, "--trace"),
            (estimates.frobenius, "--frobenius"),
            (estimates.diagonal.is_some(), "--diagonal"),
            (estimates.data_error.is_some(), "--data-error"),
            (around.complete, "--complete"),
            (around.state.is_some(), "--state"),
            (self.solver != DEFAULT_SOLVER, "--solver"),
        ];
        flags.into_iter().find_map(|(set, flag)| set.then_some(flag))
    }
}
