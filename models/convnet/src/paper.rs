//! The CIFAR-10 networks `C1`, `C2` and `C3` of "Hessian-based Analysis of Large Batch Training and Robustness to
//! Adversaries" (arXiv:1802.08241).
//!
//! Where the paper's table and the authors' later code differ, the code is followed: activation, batch norm, pooling
//! in this order (the table prints pooling before batch norm), and 64 first channels. Its unused dropout layers are
//! left out.

use crate::options::{ACTIVATION, CLASSES, Common, WIDTH};
use crate::samples;
use hesse_core::error::GraphError;
use hesse_core::graph::{Conv2d, GraphBuilder, ValueId};
use hesse_core::model::Model;
use hesse_core::options::{OptionError, OptionKind, OptionSpec, Options};
use hesse_core::registry::ModelEntry;

const SAMPLES: [usize; 3] = [3, 32, 32];
const HELP: &str = "batch norm behind every convolution: true or false";

/// Two 5×5 convolutions, each followed by overlapping max-pooling, and three dense layers, for samples `[3, 32, 32]`.
#[derive(Debug, Clone, PartialEq)]
pub struct C1 {
    /// Activation, width and classes.
    pub common: Common,
    /// Whether batch norm stands behind every convolution.
    pub batch_norm: bool,
}

impl Model for C1 {
    fn build(&self, g: &mut GraphBuilder, x: ValueId) -> Result<ValueId, GraphError> {
        samples::expect(g, "c1", x, SAMPLES)?;
        let mut y = x;
        for number in 1..=2 {
            let layer = Conv2d::kernel(5).padding(2);
            y = convolution(g, number, y, 64, &layer, &self.common, self.batch_norm)?;
            y = g.max_pool(y, 3, 2, 1)?;
        }
        dense(g, y, [384, 192], &self.common)
    }
}

/// Two pairs of 3×3 convolutions, each pair followed by max-pooling, and three dense layers, for samples
/// `[3, 32, 32]`. Without batch norm this is `C3`, the network of Carlini and Wagner (2017).
#[derive(Debug, Clone, PartialEq)]
pub struct C2 {
    /// What error messages call it.
    pub name: &'static str,
    /// Activation, width and classes.
    pub common: Common,
    /// Whether batch norm stands behind every convolution.
    pub batch_norm: bool,
}

impl Model for C2 {
    fn build(&self, g: &mut GraphBuilder, x: ValueId) -> Result<ValueId, GraphError> {
        samples::expect(g, self.name, x, SAMPLES)?;
        let mut y = x;
        for (number, channels) in [(1, 64), (2, 64), (3, 128), (4, 128)] {
            y = convolution(g, number, y, channels, &Conv2d::kernel(3), &self.common, self.batch_norm)?;
            if number % 2 == 0 {
                y = g.max_pool(y, 2, 2, 0)?;
            }
        }
        dense(g, y, [256, 256], &self.common)
    }
}

/// Convolution, activation, batch norm; `channels` is the published width.
fn convolution(
    g: &mut GraphBuilder,
    number: usize,
    x: ValueId,
    channels: usize,
    layer: &Conv2d,
    common: &Common,
    batch_norm: bool,
) -> Result<ValueId, GraphError> {
    let y = g.conv2d(&format!("conv{number}"), x, common.scaled(channels), layer)?;
    let y = g.activation(common.activation, y)?;
    if batch_norm { g.batch_norm(&format!("bn{number}"), y) } else { Ok(y) }
}

/// Three dense layers; `hidden` are the published widths.
fn dense(g: &mut GraphBuilder, x: ValueId, hidden: [usize; 2], common: &Common) -> Result<ValueId, GraphError> {
    let mut y = g.flatten(x)?;
    for (name, width) in ["fc1", "fc2"].into_iter().zip(hidden) {
        y = g.linear(name, y, common.scaled(width))?;
        y = g.activation(common.activation, y)?;
    }
    g.linear("fc3", y, common.classes)
}

fn batch_norm(options: &Options, default: bool) -> Result<bool, OptionError> {
    options.value("batch_norm", default, "true or false")
}

hesse_core::submit! {
    ModelEntry {
        name: "c1",
        summary: "two 5x5 convolutions with batch norm, C1 of arXiv:1802.08241 for CIFAR-10 (1,756,682 parameters)",
        options: &[ACTIVATION, WIDTH, CLASSES, OptionSpec { name: "batch_norm", kind: OptionKind::Bool, default: "true", help: HELP }],
        license: "MIT OR Apache-2.0",
        make: &|options, task| {
            let common = Common::read(options, task)?;
            Ok(Box::new(C1 { common, batch_norm: batch_norm(options, true)? }))
        },
    }
}

hesse_core::submit! {
    ModelEntry {
        name: "c2",
        summary: "four 3x3 convolutions with batch norm, C2 of arXiv:1802.08241 for CIFAR-10 (1,148,746 parameters)",
        options: &[ACTIVATION, WIDTH, CLASSES, OptionSpec { name: "batch_norm", kind: OptionKind::Bool, default: "true", help: HELP }],
        license: "MIT OR Apache-2.0",
        make: &|options, task| {
            let common = Common::read(options, task)?;
            Ok(Box::new(C2 { name: "c2", common, batch_norm: batch_norm(options, true)? }))
        },
    }
}

hesse_core::submit! {
    ModelEntry {
        name: "c3",
        summary: "c2 without batch norm, C3 of arXiv:1802.08241 and Carlini-Wagner's network (1,147,978 parameters)",
        options: &[ACTIVATION, WIDTH, CLASSES],
        license: "MIT OR Apache-2.0",
        make: &|options, task| Ok(Box::new(C2 { name: "c3", common: Common::read(options, task)?, batch_norm: false })),
    }
}
