//! What the registry knows of an attack.

use super::Attack;
use crate::options::{OptionError, OptionSpec, Options};

/// Makes an attack from its options.
pub type MakeAttack = dyn Fn(&Options) -> Result<Box<dyn Attack>, OptionError> + Send + Sync;

/// An attack.
pub struct AttackEntry {
    /// What the command line calls it.
    pub name: &'static str,
    /// One line.
    pub summary: &'static str,
    /// Its options.
    pub options: &'static [OptionSpec],
    /// SPDX expression.
    pub license: &'static str,
    /// Makes one.
    pub make: &'static MakeAttack,
}
