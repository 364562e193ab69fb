//! LeNet-5 for MNIST, the `M1` of "Hessian-based Analysis of Large Batch Training and Robustness to Adversaries"
//! (arXiv:1802.08241).
//!
//! The paper's table names two convolutions and two dense layers; pooling and activations are those of the usual
//! modern LeNet-5 (431,080 parameters). For ReLU their order does not matter; for other activations that do not rise
//! everywhere the activation comes first.

use crate::options::{ACTIVATION, CLASSES, Common, WIDTH};
use crate::samples;
use hesse_core::error::GraphError;
use hesse_core::graph::{Conv2d, GraphBuilder, ValueId};
use hesse_core::model::Model;
use hesse_core::registry::ModelEntry;

/// Two 5×5 convolutions, each followed by 2×2 max-pooling, and two dense layers, for samples `[1, 28, 28]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Lenet5 {
    /// Activation, width and classes.
    pub common: Common,
}

impl Model for Lenet5 {
    fn build(&self, g: &mut GraphBuilder, x: ValueId) -> Result<ValueId, GraphError> {
        samples::expect(g, "m1", x, [1, 28, 28])?;
        let Common { activation, classes, .. } = self.common;
        let mut y = x;
        for (name, channels) in [("conv1", 20), ("conv2", 50)] {
            y = g.conv2d(name, y, self.common.scaled(channels), &Conv2d::kernel(5))?;
            y = g.activation(activation, y)?;
            y = g.max_pool(y, 2, 2, 0)?;
        }
        let y = g.flatten(y)?;
        let y = g.linear("fc1", y, self.common.scaled(500))?;
        let y = g.activation(activation, y)?;
        g.linear("fc2", y, classes)
    }
}

hesse_core::submit! {
    ModelEntry {
        name: "m1",
        summary: "LeNet-5 for MNIST, M1 of arXiv:1802.08241 (431,080 parameters)",
        options: &[ACTIVATION, WIDTH, CLASSES],
        license: "MIT OR Apache-2.0",
        make: &|options, task| Ok(Box::new(Lenet5 { common: Common::read(options, task)? })),
    }
}
