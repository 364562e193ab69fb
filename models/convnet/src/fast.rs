//! The MNIST network of "Fast is better than free" (Wong, Rice and Kolter, ICLR 2020, arXiv:2001.03994), small enough
//! to be trained robustly in minutes on a processor.
//!
//! Convolutions have stride two and a border of one, as in the authors' code; parameters are named by layer, because
//! theirs are numbered.

use crate::options::{ACTIVATION, CLASSES, Common, WIDTH};
use crate::samples;
use hesse_core::error::GraphError;
use hesse_core::graph::{Conv2d, GraphBuilder, ValueId};
use hesse_core::model::Model;
use hesse_core::registry::ModelEntry;

/// Two 4×4 convolutions with stride two and two dense layers, for samples `[1, 28, 28]`.
#[derive(Debug, Clone, PartialEq)]
pub struct FastCnn {
    /// Activation, width and classes.
    pub common: Common,
}

impl Model for FastCnn {
    fn build(&self, g: &mut GraphBuilder, x: ValueId) -> Result<ValueId, GraphError> {
        samples::expect(g, "fastcnn", x, [1, 28, 28])?;
        let Common { activation, classes, .. } = self.common;
        let mut y = x;
        for (name, channels) in [("conv1", 16), ("conv2", 32)] {
            let window = Conv2d::kernel(4).stride(2).padding(1);
            y = g.conv2d(name, y, self.common.scaled(channels), &window)?;
            y = g.activation(activation, y)?;
        }
        let y = g.flatten(y)?;
        let y = g.linear("fc1", y, self.common.scaled(100))?;
        let y = g.activation(activation, y)?;
        g.linear("fc2", y, classes)
    }
}

hesse_core::submit! {
    ModelEntry {
        name: "fastcnn",
        summary: "two 4x4 convolutions with stride 2, the MNIST network of FastAT (166,406 parameters)",
        options: &[ACTIVATION, WIDTH, CLASSES],
        license: "MIT OR Apache-2.0",
        make: &|options, task| Ok(Box::new(FastCnn { common: Common::read(options, task)? })),
    }
}
