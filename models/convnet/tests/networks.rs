//! What the networks record: parameters, names, modes, bytes.
#![allow(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod common;

use common::{ALL, CIFAR, MNIST, entry, graph};
use hesse_core::graph::{Graph, Mode};
use hesse_core::registry::models;

fn names(g: &Graph) -> Vec<&str> {
    g.parameters().iter().map(|p| p.name.as_str()).collect()
}

#[test]
fn the_registry_lists_every_network_with_summary_and_options() {
    let listed: Vec<&str> = models().iter().map(|e| e.name).collect();
    assert_eq!(listed, ALL.map(|(name, ..)| name));
    for e in models() {
        assert!(!e.summary.is_empty() && !e.license.is_empty(), "{}", e.name);
        assert!(e.options.iter().all(|o| !o.default.is_empty() && !o.help.is_empty()), "{}", e.name);
        for key in ["activation", "width", "classes"] {
            assert!(e.options.iter().any(|o| o.name == key), "{} {key}", e.name);
        }
    }
}

#[test]
fn parameter_counts_are_the_published_ones() {
    for (name, input, count) in ALL {
        for mode in [Mode::Train, Mode::Eval] {
            assert_eq!(graph(name, &input, mode).unwrap().parameter_count(), count, "{name}");
        }
    }
}

#[test]
fn smallcnn_has_the_names_of_the_published_weights_in_their_order() {
    let expected = [
        "feature_extractor.conv1.weight",
        "feature_extractor.conv1.bias",
        "feature_extractor.conv2.weight",
        "feature_extractor.conv2.bias",
        "feature_extractor.conv3.weight",
        "feature_extractor.conv3.bias",
        "feature_extractor.conv4.weight",
        "feature_extractor.conv4.bias",
        "classifier.fc1.weight",
        "classifier.fc1.bias",
        "classifier.fc2.weight",
        "classifier.fc2.bias",
        "classifier.fc3.weight",
        "classifier.fc3.bias",
    ];
    assert_eq!(names(&graph("smallcnn", &MNIST, Mode::Eval).unwrap()), expected);
}

#[test]
fn lenet_is_named_by_layer() {
    let g = graph("m1", &MNIST, Mode::Eval).unwrap();
    let layers = ["conv1", "conv2", "fc1", "fc2"];
    let expected: Vec<String> = layers.iter().flat_map(|l| [format!("{l}.weight"), format!("{l}.bias")]).collect();
    assert_eq!(names(&g), expected);
    assert_eq!(g.parameters()[4].shape, [500, 800]);
}

#[test]
fn batch_norm_keeps_running_statistics_that_training_updates() {
    let buffers = |g: &Graph| g.buffers().iter().map(|b| b.name.clone()).collect::<Vec<_>>();
    let train = graph("c1", &CIFAR, Mode::Train).unwrap();
    let expected = ["bn1.running_mean", "bn1.running_var", "bn2.running_mean", "bn2.running_var"];
    assert_eq!(buffers(&train), expected);
    assert_eq!(train.buffer_updates().len(), 4);
    let eval = graph("c1", &CIFAR, Mode::Eval).unwrap();
    assert_eq!(buffers(&eval), expected);
    assert!(eval.buffer_updates().is_empty());
    assert_eq!(graph("c2", &CIFAR, Mode::Train).unwrap().buffers().len(), 8);
}

#[test]
fn c3_is_c2_without_batch_norm() {
    let (c2, c3) = (graph("c2:batch_norm=false", &CIFAR, Mode::Eval), graph("c3", &CIFAR, Mode::Eval));
    assert_eq!(c2.unwrap().content_hash().unwrap(), c3.unwrap().content_hash().unwrap());
    assert_eq!(graph("c1:batch_norm=false", &CIFAR, Mode::Eval).unwrap().parameter_count(), 1_756_682 - 256);
}

#[test]
fn a_graph_survives_its_bytes_and_hashes_alike_when_recorded_again() {
    for (name, input, _) in ALL {
        for mode in [Mode::Train, Mode::Eval] {
            let g = graph(name, &input, mode).unwrap();
            assert_eq!(Graph::from_bytes(&g.to_bytes().unwrap()).unwrap(), g, "{name}");
            let again = graph(name, &input, mode).unwrap();
            assert_eq!(again.content_hash().unwrap(), g.content_hash().unwrap(), "{name}");
        }
    }
}

#[test]
fn dropout_draws_a_mask_in_training_only() {
    let sites = |model: &str, mode| graph(model, &MNIST, mode).unwrap().dropout_sites().len();
    assert_eq!(sites("smallcnn", Mode::Train), 0);
    assert_eq!(sites("smallcnn:dropout=0.5", Mode::Train), 1);
    assert_eq!(sites("smallcnn:dropout=0.5", Mode::Eval), 0);
}

#[test]
fn giving_an_options_default_changes_nothing() {
    for (name, input, _) in ALL {
        let plain = graph(name, &input, Mode::Train).unwrap().content_hash().unwrap();
        for option in entry(name).options.iter().filter(|o| o.name != "classes") {
            let given = format!("{name}:{}={}", option.name, option.default);
            assert_eq!(graph(&given, &input, Mode::Train).unwrap().content_hash().unwrap(), plain, "{given}");
        }
    }
}
