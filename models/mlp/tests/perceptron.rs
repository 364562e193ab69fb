//! The perceptron as the program sees it: through the registry.
#![allow(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

use hesse_core::error::GraphError;
use hesse_core::graph::{Graph, Mode};
use hesse_core::model::{Normalization, Task, record};
use hesse_core::options::Options;
use hesse_core::registry::{ModelEntry, models};
use hesse_mlp as _;

fn entry() -> hesse_core::registry::Listed<ModelEntry> {
    models().into_iter().find(|e| e.name == "mlp").unwrap()
}

fn task(input: &[usize]) -> Task {
    Task { input: input.to_vec(), classes: 10 }
}

fn graph(options: &str, input: &[usize], mode: Mode) -> Result<Graph, GraphError> {
    let options: Options = options.parse().unwrap();
    options.check("mlp", entry().options).unwrap();
    let model = (entry().make)(&options, &task(input)).unwrap();
    record(model.as_ref(), &task(input), &Normalization::default(), mode)
}

fn refusal(options: &str) -> String {
    let made = (entry().make)(&options.parse().unwrap(), &task(&[4]));
    made.err().unwrap().to_string()
}

#[test]
fn the_registry_lists_it_with_summary_and_options() {
    assert!(!entry().summary.is_empty());
    let names: Vec<&str> = entry().options.iter().map(|o| o.name).collect();
    assert_eq!(names, ["hidden", "activation", "classes"]);
}

#[test]
fn layers_are_numbered_and_counted() {
    let g = graph("hidden=5x3,classes=2", &[4], Mode::Eval).unwrap();
    let names: Vec<&str> = g.parameters().iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias", "fc3.weight", "fc3.bias"]);
    assert_eq!(g.parameter_count(), (4 * 5 + 5) + (5 * 3 + 3) + (3 * 2 + 2));
    assert_eq!(graph("", &[1, 28, 28], Mode::Eval).unwrap().parameter_count(), 200_960 + 32_896 + 1_290);
}

#[test]
fn no_hidden_layer_makes_it_linear() {
    let g = graph("hidden=none", &[1, 28, 28], Mode::Eval).unwrap();
    assert_eq!(g.parameter_count(), 7_850);
}

#[test]
fn samples_of_any_shape_are_flattened() {
    for input in [&[] as &[usize], &[7], &[3, 32, 32], &[2, 3, 4, 5]] {
        let g = graph("", input, Mode::Eval).unwrap();
        assert_eq!(g.parameters()[0].shape, [256, input.iter().product()]);
    }
}

#[test]
fn every_activation_records_in_both_modes_and_survives_its_bytes() {
    let mut hashes = Vec::new();
    for name in hesse_core::graph::ACTIVATIONS {
        for mode in [Mode::Train, Mode::Eval] {
            let g = graph(&format!("activation={name}"), &[4], mode).unwrap();
            let read = Graph::from_bytes(&g.to_bytes().unwrap()).unwrap();
            assert_eq!(read, g);
            let again = graph(&format!("activation={name}"), &[4], mode).unwrap();
            assert_eq!(again.content_hash().unwrap(), g.content_hash().unwrap());
        }
        hashes.push(graph(&format!("activation={name}"), &[4], Mode::Eval).unwrap().content_hash().unwrap());
    }
    hashes.sort();
    hashes.dedup();
    assert_eq!(hashes.len(), hesse_core::graph::ACTIVATIONS.len());
}

#[test]
fn wrong_options_say_what_would_be_right() {
    let expected = "expected widths of at least 1, such as 256x128, or none";
    for text in ["5x", "x", "0", "-1", "5x0x5", "99999999", "5X3", "99999999999999999999999"] {
        assert_eq!(refusal(&format!("hidden={text}")), format!("option hidden={text}: {expected}"));
    }
    assert_eq!(
        refusal("activation=rule"),
        "option activation=rule: expected one of relu, tanh, gelu, silu, softplus, elu, sigmoid"
    );
    assert_eq!(refusal("classes=0"), "option classes=0: expected a whole number of at least 1");
}

#[test]
fn a_network_too_large_to_describe_is_an_error() {
    let error = graph("hidden=1048576x1048576", &[1 << 30], Mode::Eval).unwrap_err().to_string();
    assert!(error.contains("fewer than 2^40 entries"), "{error}");
}
