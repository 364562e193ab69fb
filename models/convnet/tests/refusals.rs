//! Wrong samples and wrong options are errors with readable text, never panics.
#![allow(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod common;

use common::{ALL, CIFAR, MNIST, entry, graph};
use hesse_core::graph::{ACTIVATIONS, Mode};
use hesse_core::model::Task;
use hesse_core::options::Options;

fn refusal(model: &str) -> String {
    let (name, options) = Options::split(model).unwrap();
    let made = (entry(&name).make)(&options, &Task { input: MNIST.to_vec(), classes: 10 });
    made.err().unwrap().to_string()
}

#[test]
fn samples_of_another_shape_are_refused_by_name() {
    let error = |name: &str, input: &[usize]| graph(name, input, Mode::Eval).unwrap_err().to_string();
    assert_eq!(error("m1", &CIFAR), "m1: expected samples [1, 28, 28], found [3, 32, 32]");
    assert_eq!(error("c3", &MNIST), "c3: expected samples [3, 32, 32], found [1, 28, 28]");
    assert_eq!(error("smallcnn", &[784]), "smallcnn: expected samples [1, 28, 28], found [784]");
    assert_eq!(error("c1", &[]), "c1: expected samples [3, 32, 32], found []");
    for (name, ..) in ALL {
        assert!(error(name, &[1, 3, 32, 32]).starts_with(&format!("{name}: expected samples")));
    }
}

#[test]
fn wrong_options_say_what_would_be_right() {
    for value in ["0", "-1", "nan", "inf", "1e9", "wide"] {
        let expected = format!("option width={value}: expected a number from 0.001 to 1024");
        assert_eq!(refusal(&format!("m1:width={value}")), expected);
    }
    assert_eq!(
        refusal("c1:activation=rule"),
        "option activation=rule: expected one of relu, tanh, gelu, silu, softplus, elu, sigmoid"
    );
    assert_eq!(refusal("c2:batch_norm=maybe"), "option batch_norm=maybe: expected true or false");
    assert_eq!(refusal("c3:classes=0"), "option classes=0: expected a whole number of at least 1");
    assert_eq!(refusal("smallcnn:dropout=1"), "option dropout=1: expected a share in [0, 1)");
}

#[test]
fn extreme_options_record_or_are_refused() {
    for (name, input, _) in ALL {
        for options in ["width=0.001", "width=1024", "width=1024,classes=1048576", "classes=1"] {
            for mode in [Mode::Train, Mode::Eval] {
                if let Err(e) = graph(&format!("{name}:{options}"), &input, mode) {
                    assert!(e.to_string().contains("expected"), "{e}");
                }
            }
        }
    }
}

#[test]
fn every_activation_records() {
    for (name, input, count) in ALL {
        for activation in ACTIVATIONS {
            let g = graph(&format!("{name}:activation={activation}"), &input, Mode::Train).unwrap();
            assert_eq!(g.parameter_count(), count);
        }
    }
}

#[test]
fn the_width_factor_scales_hidden_layers_only() {
    let g = graph("m1:width=0.1,classes=3", &MNIST, Mode::Eval).unwrap();
    let shapes: Vec<_> = g.parameters().iter().step_by(2).map(|p| p.shape.clone()).collect();
    assert_eq!(shapes, [vec![2, 1, 5, 5], vec![5, 2, 5, 5], vec![50, 80], vec![3, 50]]);
}
