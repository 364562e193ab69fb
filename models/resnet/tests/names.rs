//! Parameter names and their order are those of published weights.
#![allow(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod common;

use common::{CIFAR, graph};
use hesse_core::graph::{Graph, Mode};

/// The order of the parameters in PyTorch's state dict.
const RESNET20: [&str; 59] = [
    "conv1.weight",
    "bn1.weight",
    "bn1.bias",
    "layer1.0.conv1.weight",
    "layer1.0.bn1.weight",
    "layer1.0.bn1.bias",
    "layer1.0.conv2.weight",
    "layer1.0.bn2.weight",
    "layer1.0.bn2.bias",
    "layer1.1.conv1.weight",
    "layer1.1.bn1.weight",
    "layer1.1.bn1.bias",
    "layer1.1.conv2.weight",
    "layer1.1.bn2.weight",
    "layer1.1.bn2.bias",
    "layer1.2.conv1.weight",
    "layer1.2.bn1.weight",
    "layer1.2.bn1.bias",
    "layer1.2.conv2.weight",
    "layer1.2.bn2.weight",
    "layer1.2.bn2.bias",
    "layer2.0.conv1.weight",
    "layer2.0.bn1.weight",
    "layer2.0.bn1.bias",
    "layer2.0.conv2.weight",
    "layer2.0.bn2.weight",
    "layer2.0.bn2.bias",
    "layer2.1.conv1.weight",
    "layer2.1.bn1.weight",
    "layer2.1.bn1.bias",
    "layer2.1.conv2.weight",
    "layer2.1.bn2.weight",
    "layer2.1.bn2.bias",
    "layer2.2.conv1.weight",
    "layer2.2.bn1.weight",
    "layer2.2.bn1.bias",
    "layer2.2.conv2.weight",
    "layer2.2.bn2.weight",
    "layer2.2.bn2.bias",
    "layer3.0.conv1.weight",
    "layer3.0.bn1.weight",
    "layer3.0.bn1.bias",
    "layer3.0.conv2.weight",
    "layer3.0.bn2.weight",
    "layer3.0.bn2.bias",
    "layer3.1.conv1.weight",
    "layer3.1.bn1.weight",
    "layer3.1.bn1.bias",
    "layer3.1.conv2.weight",
    "layer3.1.bn2.weight",
    "layer3.1.bn2.bias",
    "layer3.2.conv1.weight",
    "layer3.2.bn1.weight",
    "layer3.2.bn1.bias",
    "layer3.2.conv2.weight",
    "layer3.2.bn2.weight",
    "layer3.2.bn2.bias",
    "linear.weight",
    "linear.bias",
];

fn names(g: &Graph) -> Vec<&str> {
    g.parameters().iter().map(|p| p.name.as_str()).collect()
}

#[test]
fn resnet20_has_the_names_of_the_published_weights_in_their_order() {
    assert_eq!(names(&graph("resnet20", &CIFAR, Mode::Eval).unwrap()), RESNET20);
    assert_eq!(names(&graph("resnet20", &CIFAR, Mode::Train).unwrap()), RESNET20);
}

#[test]
fn the_head_is_named_as_asked() {
    let mut expected = RESNET20.to_vec();
    expected.splice(expected.len() - 2.., ["fc.weight", "fc.bias"]);
    assert_eq!(names(&graph("resnet20:head=fc", &CIFAR, Mode::Eval).unwrap()), expected);
}

#[test]
fn buffers_are_named_beside_their_batch_norm() {
    let g = graph("resnet20", &CIFAR, Mode::Eval).unwrap();
    let norms = RESNET20.iter().filter_map(|n| n.strip_suffix(".weight")).filter(|n| n.contains("bn"));
    let expected: Vec<String> = norms.flat_map(|n| [format!("{n}.running_mean"), format!("{n}.running_var")]).collect();
    assert_eq!(g.buffers().iter().map(|b| b.name.clone()).collect::<Vec<_>>(), expected);
}

#[test]
fn projections_come_last_in_their_block() {
    let g = graph("resnet18", &CIFAR, Mode::Eval).unwrap();
    let block: Vec<&str> = names(&g).into_iter().filter_map(|n| n.strip_prefix("layer2.0.")).collect();
    let expected = [
        "conv1.weight",
        "bn1.weight",
        "bn1.bias",
        "conv2.weight",
        "bn2.weight",
        "bn2.bias",
        "downsample.0.weight",
        "downsample.1.weight",
        "downsample.1.bias",
    ];
    assert_eq!(block, expected);
    assert!(!names(&g).iter().any(|n| n.starts_with("layer1.0.downsample")));
    assert_eq!(names(&g)[names(&g).len() - 2..], ["fc.weight", "fc.bias"]);
}

#[test]
fn without_batch_norm_convolutions_have_a_bias() {
    let g = graph("resnet20:batch_norm=false,shortcut=b", &CIFAR, Mode::Train).unwrap();
    assert_eq!(names(&g)[..4], ["conv1.weight", "conv1.bias", "layer1.0.conv1.weight", "layer1.0.conv1.bias"]);
    assert!(names(&g).contains(&"layer2.0.downsample.0.bias"));
    assert!(g.buffers().is_empty() && g.buffer_updates().is_empty());
}
