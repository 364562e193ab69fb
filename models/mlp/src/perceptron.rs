//! Linear layers with an activation between them.

use crate::widths::widths;
use hesse_core::error::GraphError;
use hesse_core::graph::{ACTIVATIONS, GraphBuilder, ValueId};
use hesse_core::model::{Model, Task};
use hesse_core::options::{OptionError, OptionKind, OptionSpec, Options};
use hesse_core::registry::ModelEntry;

/// A multi-layer perceptron over the flattened samples; its layers are called `fc1`, `fc2`, ….
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Perceptron {
    /// Widths of the hidden layers; none makes the network linear.
    pub hidden: Vec<usize>,
    /// What stands behind every hidden layer, one of [`ACTIVATIONS`].
    pub activation: &'static str,
    /// Number of outputs.
    pub classes: usize,
}

impl Model for Perceptron {
    fn build(&self, g: &mut GraphBuilder, x: ValueId) -> Result<ValueId, GraphError> {
        let mut y = g.flatten(x)?;
        for (i, &width) in self.hidden.iter().enumerate() {
            y = g.linear(&format!("fc{}", i + 1), y, width)?;
            y = g.activation(self.activation, y)?;
        }
        g.linear(&format!("fc{}", self.hidden.len() + 1), y, self.classes)
    }
}

fn make(options: &Options, task: &Task) -> Result<Box<dyn Model>, OptionError> {
    Ok(Box::new(Perceptron {
        hidden: widths(options, "hidden", &[256, 128])?,
        activation: options.choice("activation", "relu", ACTIVATIONS)?,
        classes: options.count("classes", task.classes, 1)?,
    }))
}

hesse_core::submit! {
    ModelEntry {
        name: "mlp",
        summary: "multi-layer perceptron over flattened samples of any shape",
        options: &[
            OptionSpec { name: "hidden", kind: OptionKind::Text, default: "256x128", help: "widths of the hidden layers, or none" },
            OptionSpec { name: "activation", kind: OptionKind::Choice(hesse_core::graph::ACTIVATIONS), default: "relu", help: "relu, tanh, gelu, silu, softplus, elu or sigmoid" },
            OptionSpec { name: "classes", kind: OptionKind::Integer(1), default: "the task's", help: "number of outputs" },
        ],
        license: "MIT OR Apache-2.0",
        make: &make,
    }
}
