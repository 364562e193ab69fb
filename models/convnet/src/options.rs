//! The options that every network of this crate has.

use hesse_core::graph::ACTIVATIONS;
use hesse_core::model::Task;
use hesse_core::options::{OptionError, OptionKind, OptionSpec, Options};

/// `activation` as it is listed.
pub const ACTIVATION: OptionSpec = OptionSpec {
    name: "activation",
    kind: OptionKind::Choice(ACTIVATIONS),
    default: "relu",
    help: "relu, tanh, gelu, silu, softplus, elu or sigmoid",
};
/// `width` as it is listed.
pub const WIDTH: OptionSpec = OptionSpec {
    name: "width",
    kind: OptionKind::Real,
    default: "1",
    help: "factor on every hidden width, such as 0.5",
};
/// `classes` as it is listed.
pub const CLASSES: OptionSpec =
    OptionSpec { name: "classes", kind: OptionKind::Integer(1), default: "the task's", help: "number of outputs" };

/// The options that every network of this crate has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Common {
    /// What stands behind every hidden layer, one of [`ACTIVATIONS`].
    pub activation: &'static str,
    /// Factor on every hidden width.
    pub width: f64,
    /// Number of outputs.
    pub classes: usize,
}

impl Common {
    /// Reads them.
    ///
    /// # Errors
    /// Where one cannot be read.
    pub(crate) fn read(options: &Options, task: &Task) -> Result<Self, OptionError> {
        Ok(Common {
            activation: options.choice("activation", ACTIVATIONS[0], ACTIVATIONS)?,
            width: number(options, "width", 1.0, "a number from 0.001 to 1024", |w| (0.001..=1024.0).contains(&w))?,
            classes: options.count("classes", task.classes, 1)?,
        })
    }

    /// A published width times the factor, at least one.
    pub(crate) fn scaled(&self, width: usize) -> usize {
        ((width as f64 * self.width).round() as usize).max(1)
    }
}

/// A number that `accept` accepts, or the default.
pub fn number(
    options: &Options,
    key: &str,
    default: f64,
    expected: &str,
    accept: impl Fn(f64) -> bool,
) -> Result<f64, OptionError> {
    let n = options.value(key, default, expected)?;
    if accept(n) {
        return Ok(n);
    }
    let value = options.text(key).unwrap_or_default().to_string();
    Err(OptionError::Value { key: key.to_string(), value, expected: expected.to_string() })
}
