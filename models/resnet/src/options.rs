//! The options of residual networks.

use crate::block::{Block, Fan, Shortcut};
use crate::resnet::ResNet;
use hesse_core::graph::ACTIVATIONS;
use hesse_core::model::Task;
use hesse_core::options::{OptionError, OptionKind, OptionSpec, Options};

/// The list for a registry entry, whose defaults for the two names differ between families.
pub const fn specs(shortcut: &'static str, head: &'static str) -> [OptionSpec; 6] {
    [
        OptionSpec {
            name: "shortcut",
            kind: OptionKind::Choice(&["a", "b"]),
            default: shortcut,
            help: "a: every second pixel and zero channels; b: 1x1 convolution and batch norm",
        },
        OptionSpec {
            name: "head",
            kind: OptionKind::Choice(&["linear", "fc"]),
            default: head,
            help: "name of the last layer in weight files: linear or fc",
        },
        OptionSpec {
            name: "activation",
            kind: OptionKind::Choice(hesse_core::graph::ACTIVATIONS),
            default: "relu",
            help: "relu, tanh, gelu, silu, softplus, elu or sigmoid",
        },
        OptionSpec {
            name: "width",
            kind: OptionKind::Real,
            default: "1",
            help: "factor on every hidden width, such as 0.5",
        },
        OptionSpec {
            name: "batch_norm",
            kind: OptionKind::Bool,
            default: "true",
            help: "batch norm behind every convolution: true or false",
        },
        OptionSpec { name: "classes", kind: OptionKind::Integer(1), default: "the task's", help: "number of outputs" },
    ]
}

/// The published network that options then change.
pub struct Published {
    /// What the command line calls it.
    pub name: &'static str,
    /// Channels of the first stage.
    pub width: usize,
    /// Number of blocks in each stage.
    pub stages: Vec<usize>,
    /// `a` or `b`.
    pub shortcut: &'static str,
    /// `linear` or `fc`.
    pub head: &'static str,
    /// How convolutions start.
    pub fan: Fan,
}

impl Published {
    /// The network with the given options.
    ///
    /// # Errors
    /// Where one cannot be read.
    pub fn with(self, options: &Options, task: &Task) -> Result<ResNet, OptionError> {
        let shortcut = match options.choice("shortcut", self.shortcut, &["a", "b"])? {
            "a" => Shortcut::Pad,
            _ => Shortcut::Project,
        };
        let block = Block {
            activation: options.choice("activation", ACTIVATIONS[0], ACTIVATIONS)?,
            batch_norm: options.value("batch_norm", true, "true or false")?,
            shortcut,
            fan: self.fan,
        };
        Ok(ResNet {
            name: self.name,
            width: ((self.width as f64 * factor(options)?).round() as usize).max(1),
            stages: self.stages,
            block,
            head: options.choice("head", self.head, &["linear", "fc"])?,
            classes: options.count("classes", task.classes, 1)?,
        })
    }
}

fn factor(options: &Options) -> Result<f64, OptionError> {
    let expected = "a number from 0.001 to 1024";
    let factor: f64 = options.value("width", 1.0, expected)?;
    if (0.001..=1024.0).contains(&factor) {
        return Ok(factor);
    }
    let value = options.text("width").unwrap_or_default().to_string();
    Err(OptionError::Value { key: "width".to_string(), value, expected: expected.to_string() })
}
