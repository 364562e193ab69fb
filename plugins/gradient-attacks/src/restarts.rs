//! The options of attacks that begin at random points and may do so several times.

use hesse_core::Attack;
use hesse_core::attack::Restarts;
use hesse_core::options::{OptionError, OptionKind, OptionSpec, Options};

/// The option that says how many runs there are.
pub(crate) const RESTARTS: OptionSpec = OptionSpec {
    name: "restarts",
    kind: OptionKind::Integer(1),
    default: "1",
    help: "runs from different random starts, the best for each sample",
};

/// The option that says where a run begins.
pub(crate) const RANDOM_START: OptionSpec = OptionSpec {
    name: "random_start",
    kind: OptionKind::Bool,
    default: "true",
    help: "begin at a random point of the ball, else at the sample",
};

/// Number of runs, and whether they begin at random points.
pub(crate) fn starts_of(options: &Options) -> Result<(usize, bool), OptionError> {
    let random_start = options.flag("random_start", true)?;
    let restarts = options.count("restarts", 1, 1)?;
    if restarts > 1 && !random_start {
        return Err(OptionError::Value {
            key: "restarts".to_string(),
            value: restarts.to_string(),
            expected: "1 with random_start=false, because all runs would be the same".to_string(),
        });
    }
    Ok((restarts, random_start))
}

/// The attack, run so many times.
pub(crate) fn repeated(attack: impl Attack + 'static, restarts: usize) -> Box<dyn Attack> {
    if restarts > 1 { Box::new(Restarts::new(Box::new(attack), restarts)) } else { Box::new(attack) }
}
