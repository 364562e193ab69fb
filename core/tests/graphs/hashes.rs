//! The content hash: the same for the same network, another for any other.

use crate::perceptron;
use crate::suite::truth::CASES;
use hesse_core::graph::{Conv2d, GraphBuilder, Init, Mode};
use std::collections::HashMap;

#[test]
fn the_same_recording_has_the_same_hash_on_every_machine() {
    assert_eq!(perceptron(5).content_hash().unwrap(), perceptron(5).content_hash().unwrap());
    // Changes only when the stored format does: then its version must change as well.
    assert_eq!(
        perceptron(5).content_hash().unwrap(),
        "e406fcf79c17484d9111edd141a690a36dae10c726d7d52d854fd08cd2e526f3"
    );
}

#[test]
fn every_network_of_the_suite_has_its_own_hash() {
    let mut known = HashMap::new();
    for case in CASES.iter() {
        let hash = case.graph.content_hash().unwrap();
        assert!(hash.len() == 64 && hash.chars().all(|c| c.is_ascii_hexdigit()), "{hash}");
        // Cases of one network with several losses share a graph.
        if let Some(other) = known.insert(hash, &case.graph) {
            assert_eq!(*other, case.graph, "{}", case.name);
        }
    }
    assert!(known.len() > 100);
}

#[test]
fn any_difference_changes_the_hash() {
    let network = |name: &str, kernel: usize, init: Init| {
        let mut g = GraphBuilder::new(Mode::Eval);
        let x = g.samples(&[1, 5, 5]).unwrap();
        let layer = Conv2d::kernel(kernel).init(init);
        let y = g.conv2d(name, x, 2, &layer).unwrap();
        let y = g.flatten(y).unwrap();
        g.finish(y).unwrap().content_hash().unwrap()
    };
    let all = [
        network("conv", 3, Init::Constant(0.0)),
        network("conv1", 3, Init::Constant(0.0)),
        network("conv", 2, Init::Constant(0.0)),
        network("conv", 3, Init::Constant(-0.0)),
        network("conv", 3, Init::Normal(0.0)),
    ];
    for (i, a) in all.iter().enumerate() {
        assert!(!all[..i].contains(a), "network {i}");
    }
}
