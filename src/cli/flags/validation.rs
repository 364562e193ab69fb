//! Samples held back from training.

use super::RobustFlags;
use crate::attack::parse_epsilon;
use crate::train::{Adversary, Keep, Validation};
use clap::Args;

/// Samples held back from training.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Validation")]
pub struct ValidationFlags {
    /// Hold back the last N of the training samples, and tell the accuracy on them after every epoch
    #[arg(long, value_name = "N", value_parser = super::parse::at_least_one)]
    pub validation: Option<usize>,
    /// Attack on them, within --validation-eps and --norm; without it their accuracy is clean
    #[arg(long, value_name = "NAME[:KEY=VALUE,…]", requires = "validation")]
    pub validation_attack: Option<String>,
    /// Budget of that attack [default: --eps]
    #[arg(long, value_name = "EPS", value_parser = parse_epsilon, requires = "validation_attack")]
    pub validation_eps: Option<f64>,
    /// Which epoch's weights model.safetensors holds: the last one's, or those of the one that was best on the samples held
    /// back
    #[arg(long, value_name = "last|best", default_value = "last")]
    pub keep: Keep,
}

impl ValidationFlags {
    /// What the flags describe; without a budget of its own, the attack has that of robust training.
    ///
    /// # Errors
    /// Where one of them lacks another.
    pub fn validation(&self, robust: &RobustFlags) -> Result<Option<Validation>, String> {
        let Some(samples) = self.validation else {
            return match self.keep {
                Keep::Last => Ok(None),
                Keep::Best => Err("--keep best needs samples to judge by; add --validation N".to_string()),
            };
        };
        let adversary = match (&self.validation_attack, self.validation_eps.or(robust.eps)) {
            (None, _) => None,
            (Some(_), None) => return Err("--validation-attack needs a budget; add --validation-eps".to_string()),
            (Some(attack), Some(epsilon)) => {
                Some(Adversary::new(attack, robust.norm.unwrap_or(hesse_core::attack::Norm::Linf), epsilon))
            }
        };
        Ok(Some(Validation { samples, adversary, keep: self.keep }))
    }
}
