//! ResNet-18 with the stem for small images, taken for the `CR` of "Hessian-based Analysis of Large Batch Training and
//! Robustness to Adversaries" (arXiv:1802.08241).
//!
//! The paper gives no layers. Eighteen is not 6n + 2, so it is the ImageNet network's four stages (64 to 512 channels,
//! two blocks each), with a 3×3 stem and no max-pooling, as is usual for 32×32 images. Names are torchvision's.

use crate::block::Fan;
use crate::options::{Published, specs};
use hesse_core::options::OptionSpec;
use hesse_core::registry::ModelEntry;

const OPTIONS: &[OptionSpec] = &specs("b", "fc");

hesse_core::submit! {
    ModelEntry {
        name: "resnet18",
        summary: "ResNet-18 with a 3x3 stem, CR of arXiv:1802.08241 (11,220,132 parameters for 100 classes)",
        options: OPTIONS,
        license: "MIT OR Apache-2.0",
        make: &|options, task| {
            let published =
                Published { name: "resnet18", width: 64, stages: vec![2; 4], shortcut: "b", head: "fc", fan: Fan::Out };
            Ok(Box::new(published.with(options, task)?))
        },
    }
}
