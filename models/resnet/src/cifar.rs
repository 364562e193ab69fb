//! The CIFAR networks of He et al. (2015, §4.2): 6n + 2 layers in three stages of n blocks with 16, 32 and 64 channels.
//!
//! Names follow the published weights of akamaster/pytorch_resnet_cifar10 (`shortcut=a`, head `linear`);
//! `shortcut=b,head=fc` are those of bearpaw/pytorch-classification. Convolutions start He-normal; the head starts as
//! PyTorch's linear layer does.

use crate::block::Fan;
use crate::options::{Published, specs};
use hesse_core::model::{Model, Task};
use hesse_core::options::{OptionError, OptionSpec, Options};
use hesse_core::registry::ModelEntry;

const OPTIONS: &[OptionSpec] = &specs("a", "linear");

fn make(name: &'static str, n: usize, options: &Options, task: &Task) -> Result<Box<dyn Model>, OptionError> {
    let published = Published { name, width: 16, stages: vec![n; 3], shortcut: "a", head: "linear", fan: Fan::In };
    Ok(Box::new(published.with(options, task)?))
}

hesse_core::submit! {
    ModelEntry {
        name: "resnet20",
        summary: "CIFAR residual network of 20 layers (269,722 parameters for 10 classes)",
        options: OPTIONS,
        license: "MIT OR Apache-2.0",
        make: &|options, task| make("resnet20", 3, options, task),
    }
}

hesse_core::submit! {
    ModelEntry {
        name: "resnet32",
        summary: "CIFAR residual network of 32 layers (464,154 parameters for 10 classes)",
        options: OPTIONS,
        license: "MIT OR Apache-2.0",
        make: &|options, task| make("resnet32", 5, options, task),
    }
}

hesse_core::submit! {
    ModelEntry {
        name: "resnet44",
        summary: "CIFAR residual network of 44 layers (658,586 parameters for 10 classes)",
        options: OPTIONS,
        license: "MIT OR Apache-2.0",
        make: &|options, task| make("resnet44", 7, options, task),
    }
}

hesse_core::submit! {
    ModelEntry {
        name: "resnet56",
        summary: "CIFAR residual network of 56 layers (853,018 parameters for 10 classes)",
        options: OPTIONS,
        license: "MIT OR Apache-2.0",
        make: &|options, task| make("resnet56", 9, options, task),
    }
}

hesse_core::submit! {
    ModelEntry {
        name: "resnet110",
        summary: "CIFAR residual network of 110 layers (1,727,962 parameters for 10 classes)",
        options: OPTIONS,
        license: "MIT OR Apache-2.0",
        make: &|options, task| make("resnet110", 18, options, task),
    }
}
