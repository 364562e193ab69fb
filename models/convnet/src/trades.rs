//! The MNIST network of TRADES (Zhang et al. 2019, arXiv:1901.08573), for which robust weights are published.
//!
//! Parameter names are those of the published weights. Two things differ from the authors' code, both only in
//! training: dropout is off unless asked for, and parameters start as PyTorch's layers do (the authors' last layer
//! starts at zero, which would make the first Hessian singular).

use crate::options::{ACTIVATION, CLASSES, Common, WIDTH, number};
use crate::samples;
use hesse_core::error::GraphError;
use hesse_core::graph::{Conv2d, GraphBuilder, ValueId};
use hesse_core::model::Model;
use hesse_core::options::{OptionKind, OptionSpec};
use hesse_core::registry::ModelEntry;

/// Two pairs of 3×3 convolutions, each pair followed by max-pooling, and three dense layers, for samples
/// `[1, 28, 28]`.
#[derive(Debug, Clone, PartialEq)]
pub struct SmallCnn {
    /// Activation, width and classes.
    pub common: Common,
    /// Share of the first dense layer's outputs that training zeroes.
    pub dropout: f64,
}

impl Model for SmallCnn {
    fn build(&self, g: &mut GraphBuilder, x: ValueId) -> Result<ValueId, GraphError> {
        samples::expect(g, "smallcnn", x, [1, 28, 28])?;
        let features = g.scope("feature_extractor", |g| self.features(g, x))?;
        let features = g.flatten(features)?;
        g.scope("classifier", |g| self.classifier(g, features))
    }
}

impl SmallCnn {
    fn features(&self, g: &mut GraphBuilder, x: ValueId) -> Result<ValueId, GraphError> {
        let mut y = x;
        for (number, channels) in [(1, 32), (2, 32), (3, 64), (4, 64)] {
            y = g.conv2d(&format!("conv{number}"), y, self.common.scaled(channels), &Conv2d::kernel(3))?;
            y = g.activation(self.common.activation, y)?;
            if number % 2 == 0 {
                y = g.max_pool(y, 2, 2, 0)?;
            }
        }
        Ok(y)
    }

    fn classifier(&self, g: &mut GraphBuilder, x: ValueId) -> Result<ValueId, GraphError> {
        let y = g.linear("fc1", x, self.common.scaled(200))?;
        let y = g.activation(self.common.activation, y)?;
        let y = g.dropout(y, self.dropout)?;
        let y = g.linear("fc2", y, self.common.scaled(200))?;
        let y = g.activation(self.common.activation, y)?;
        g.linear("fc3", y, self.common.classes)
    }
}

hesse_core::submit! {
    ModelEntry {
        name: "smallcnn",
        summary: "four 3x3 convolutions, the MNIST network of TRADES (312,202 parameters)",
        options: &[
            ACTIVATION,
            WIDTH,
            CLASSES,
            OptionSpec { name: "dropout", kind: OptionKind::Real, default: "0", help: "share zeroed behind fc1 in training; TRADES has 0.5" },
        ],
        license: "MIT OR Apache-2.0",
        make: &|options, task| {
            let common = Common::read(options, task)?;
            let dropout = number(options, "dropout", 0.0, "a share in [0, 1)", |p| (0.0..1.0).contains(&p))?;
            Ok(Box::new(SmallCnn { common, dropout }))
        },
    }
}
