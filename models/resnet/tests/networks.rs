//! What the networks record: parameters, shapes, modes, bytes; and what they refuse.
#![allow(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod common;

use common::{CIFAR, entry, graph};
use hesse_core::graph::{ACTIVATIONS, Graph, Init, Mode, Op};
use hesse_core::model::Task;
use hesse_core::options::Options;
use hesse_core::registry::models;

/// Every network with its number of parameters for ten classes.
const ALL: [(&str, usize); 6] = [
    ("resnet110", 1_727_962),
    ("resnet18", 11_220_132 - 90 * 513),
    ("resnet20", 269_722),
    ("resnet32", 464_154),
    ("resnet44", 658_586),
    ("resnet56", 853_018),
];

fn count(model: &str) -> usize {
    graph(model, &CIFAR, Mode::Eval).unwrap().parameter_count()
}

fn refusal(model: &str) -> String {
    let (name, options) = Options::split(model).unwrap();
    let made = (entry(&name).make)(&options, &Task { input: CIFAR.to_vec(), classes: 10 });
    made.err().unwrap().to_string()
}

#[test]
fn the_registry_lists_every_network_with_summary_and_options() {
    assert_eq!(models().iter().map(|e| e.name).collect::<Vec<_>>(), ALL.map(|(name, _)| name));
    for e in models() {
        assert!(!e.summary.is_empty() && !e.license.is_empty(), "{}", e.name);
        let keys: Vec<&str> = e.options.iter().map(|o| o.name).collect();
        assert_eq!(keys, ["shortcut", "head", "activation", "width", "batch_norm", "classes"], "{}", e.name);
        assert!(e.options.iter().all(|o| !o.default.is_empty() && !o.help.is_empty()), "{}", e.name);
    }
}

#[test]
fn parameter_counts_are_the_published_ones() {
    for (name, expected) in ALL {
        assert_eq!(count(name), expected, "{name}");
    }
    assert_eq!(count("resnet18:classes=100"), 11_220_132);
    // With projections, as in bearpaw/pytorch-classification.
    assert_eq!(count("resnet20:shortcut=b"), 272_474);
    assert_eq!(count("resnet20:shortcut=b,classes=100"), 278_324);
}

#[test]
fn stages_halve_the_image_and_double_the_channels() {
    let images = |model: &str, input: &[usize]| {
        let g = graph(model, input, Mode::Eval).unwrap();
        let convolved = g.nodes().iter().filter(|n| matches!(n.op, Op::Conv(_))).map(|n| n.shape.to_string());
        let mut all: Vec<String> = convolved.collect();
        all.dedup();
        all
    };
    assert_eq!(images("resnet20", &CIFAR), ["[B, 16, 32, 32]", "[B, 32, 16, 16]", "[B, 64, 8, 8]"]);
    assert_eq!(images("resnet20:width=0.5", &[1, 29, 28]), ["[B, 8, 29, 28]", "[B, 16, 15, 14]", "[B, 32, 8, 7]"]);
    assert_eq!(images("resnet18", &CIFAR).last().unwrap(), "[B, 512, 4, 4]");
}

#[test]
fn images_of_any_size_fit_with_either_shortcut() {
    for input in [[1, 28, 28], [3, 1, 1], [4, 7, 5], [3, 64, 64]] {
        for model in ["resnet20", "resnet20:shortcut=b", "resnet18", "resnet18:shortcut=a", "resnet20:width=0.001"] {
            for mode in [Mode::Train, Mode::Eval] {
                graph(model, &input, mode).unwrap();
            }
        }
    }
}

#[test]
fn training_updates_every_running_statistic() {
    let g = graph("resnet20", &CIFAR, Mode::Train).unwrap();
    assert_eq!(g.buffers().len(), 2 * 19);
    assert_eq!(g.buffer_updates().len(), 2 * 19);
    assert!(graph("resnet20", &CIFAR, Mode::Eval).unwrap().buffer_updates().is_empty());
}

#[test]
fn convolutions_start_he_normal_and_the_head_as_a_linear_layer() {
    let init = |model: &str, name: &str| {
        let g = graph(model, &CIFAR, Mode::Eval).unwrap();
        g.parameters().iter().find(|p| p.name == name).unwrap().init
    };
    assert_eq!(init("resnet20", "layer2.0.conv1.weight"), Init::KaimingNormal { fan_in: 16 * 9 });
    assert_eq!(init("resnet18", "layer2.0.conv1.weight"), Init::KaimingNormal { fan_in: 128 * 9 });
    assert_eq!(init("resnet18", "layer2.0.downsample.0.weight"), Init::KaimingNormal { fan_in: 128 });
    assert_eq!(init("resnet20", "linear.weight"), Init::FanIn { fan_in: 64 });
}

#[test]
fn a_graph_survives_its_bytes_and_hashes_alike_when_recorded_again() {
    for (name, _) in ALL {
        for mode in [Mode::Train, Mode::Eval] {
            let g = graph(name, &CIFAR, mode).unwrap();
            assert_eq!(Graph::from_bytes(&g.to_bytes().unwrap()).unwrap(), g, "{name}");
            let again = graph(name, &CIFAR, mode).unwrap();
            assert_eq!(again.content_hash().unwrap(), g.content_hash().unwrap(), "{name}");
        }
    }
}

#[test]
fn giving_an_options_default_changes_nothing() {
    for (name, _) in ALL {
        let plain = graph(name, &CIFAR, Mode::Train).unwrap().content_hash().unwrap();
        for option in entry(name).options.iter().filter(|o| o.name != "classes") {
            let given = format!("{name}:{}={}", option.name, option.default);
            assert_eq!(graph(&given, &CIFAR, Mode::Train).unwrap().content_hash().unwrap(), plain, "{given}");
        }
    }
}

#[test]
fn every_activation_records() {
    for activation in ACTIVATIONS {
        assert_eq!(count(&format!("resnet20:activation={activation}")), 269_722);
    }
}

#[test]
fn samples_that_are_no_images_are_refused_by_name() {
    let error = |name: &str, input: &[usize]| graph(name, input, Mode::Eval).unwrap_err().to_string();
    assert_eq!(error("resnet20", &[784]), "resnet20: expected samples [channels, height, width], found [784]");
    assert_eq!(error("resnet18", &[]), "resnet18: expected samples [channels, height, width], found []");
    assert!(error("resnet56", &[3, 0, 32]).contains("expected"));
}

#[test]
fn wrong_options_say_what_would_be_right() {
    assert_eq!(refusal("resnet20:shortcut=c"), "option shortcut=c: expected one of a, b");
    assert_eq!(refusal("resnet18:head=classifier"), "option head=classifier: expected one of linear, fc");
    assert_eq!(refusal("resnet44:batch_norm=1"), "option batch_norm=1: expected true or false");
    assert_eq!(refusal("resnet110:classes=0"), "option classes=0: expected a whole number of at least 1");
    for value in ["0", "-2", "nan", "inf", "1025", "wide"] {
        let expected = format!("option width={value}: expected a number from 0.001 to 1024");
        assert_eq!(refusal(&format!("resnet32:width={value}")), expected);
    }
}

#[test]
fn extreme_widths_record_or_are_refused() {
    for (name, _) in ALL {
        for options in ["width=0.001", "width=1024", "width=1024,classes=1048576", "width=1024,shortcut=b"] {
            for mode in [Mode::Train, Mode::Eval] {
                if let Err(e) = graph(&format!("{name}:{options}"), &CIFAR, mode) {
                    assert!(e.to_string().contains("expected"), "{e}");
                }
            }
        }
    }
}
