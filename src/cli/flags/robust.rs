//! Robust training.

use super::parse;
use crate::attack::parse_epsilon;
use crate::train::{AttackWords, Method, Robust};
use clap::Args;
use hesse_core::attack::Norm;
use hesse_core::graph::Mode;

/// Robust training.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Robust training")]
pub struct RobustFlags {
    /// Method: at (adversarial training with --attack; the default where one is given), pgd-at[:steps=7], fast[:alpha=1.25],
    /// trades[:beta=6,steps=10,rel_step=0.25] or cure[:lambda=1] (penalty on the exact input Hessian)
    #[arg(long, value_name = "METHOD[:KEY=VALUE,…]")]
    pub robust: Option<Method>,
    /// Attack that makes the training examples, with options where wanted; `hesse attacks` lists them
    #[arg(long, value_name = "NAME[:KEY=VALUE,…]")]
    pub attack: Option<String>,
    /// Largest norm of a perturbation, in pixels from 0 to 1; fractions such as 8/255 are understood
    #[arg(long, value_name = "EPS", value_parser = parse_epsilon, allow_negative_numbers = true)]
    pub eps: Option<f64>,
    /// Epochs over which the budget grows linearly from nothing to --eps; may be a fraction [default: 0]
    #[arg(long, value_name = "EPOCHS", value_parser = parse::not_negative)]
    pub eps_warmup: Option<f64>,
    /// How perturbations are measured [default: linf]
    #[arg(long, value_name = "linf|l2|l1")]
    pub norm: Option<Norm>,
    /// Share of every batch that is perturbed, its first samples [default: 1]
    #[arg(long, value_name = "SHARE")]
    pub mix: Option<f64>,
    /// Batch norm while examples are made: running statistics (eval) or those of the samples (train) [default: eval]
    #[arg(long, value_name = "eval|train", value_parser = parse::mode)]
    pub attack_mode: Option<Mode>,
    /// Sharpness-aware minimisation: take the gradient this far up the loss, in the Euclidean norm of all parameters
    #[arg(long, value_name = "RADIUS", value_parser = parse::positive)]
    pub sam: Option<f64>,
}

impl RobustFlags {
    /// The defence that the flags describe; none without any.
    ///
    /// # Errors
    /// Where flags contradict each other, or one is missing.
    pub fn robust(&self) -> Result<Option<Robust>, String> {
        let words = AttackWords {
            attack: self.attack.clone(),
            epsilon: self.eps,
            warmup: self.eps_warmup,
            norm: self.norm,
            mix: self.mix,
            mode: self.attack_mode,
        };
        match &self.robust {
            Some(method) => method.with(words).map(Some),
            None if words == AttackWords::default() => Ok(None),
            None if words.attack.is_none() => {
                Err("--eps, --eps-warmup, --norm, --mix and --attack-mode belong to --attack or --robust; add one, or leave them out"
                    .to_string())
            }
            None => Method::Adversarial.with(words).map(Some),
        }
    }
}
