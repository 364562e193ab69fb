//! A graph survives its stored form, and damaged forms are refused with what was expected and found.

use crate::perceptron;
use crate::suite::truth::CASES;
use hesse_core::graph::{FORMAT_VERSION, Graph, MAGIC};

#[test]
fn every_network_and_its_derivatives_survive_a_round_trip() {
    for case in CASES.iter() {
        let problem = case.problem();
        let wrt = problem.all_parameters();
        let product = problem.hessian(&wrt).unwrap();
        let gradient = problem.gradient(&wrt).unwrap();
        for g in [&case.graph, problem.graph(), &gradient.graph, &product.primal.graph, &product.tangent.graph] {
            let stored = g.to_bytes().unwrap();
            let read = Graph::from_bytes(&stored).unwrap_or_else(|e| panic!("{}: {e}", case.name));
            assert_eq!(read, *g, "{}", case.name);
            assert_eq!(read.to_bytes().unwrap(), stored, "{}", case.name);
        }
    }
}

#[test]
fn a_graph_that_was_read_merges_new_nodes_with_old_ones() {
    let g = perceptron(5);
    let mut read = Graph::from_bytes(&g.to_bytes().unwrap()).unwrap();
    let before = read.nodes().len();
    for (value, node) in g.values().zip(g.nodes()) {
        if !node.operands.is_empty() {
            assert_eq!(read.push(node.op.clone(), &node.operands).unwrap(), value);
        }
    }
    assert_eq!(read.nodes().len(), before);
}

#[test]
fn the_header_is_magic_version_and_length() {
    let stored = perceptron(5).to_bytes().unwrap();
    assert_eq!(stored[..8], MAGIC);
    assert_eq!(u16::from_le_bytes([stored[8], stored[9]]), FORMAT_VERSION);
    let length = u64::from_le_bytes(stored[10..18].try_into().unwrap());
    assert_eq!(length as usize, stored.len() - 18);
}

/// The error of reading the stored perceptron after `damage`.
fn error_after(damage: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut stored = perceptron(5).to_bytes().unwrap();
    damage(&mut stored);
    Graph::from_bytes(&stored).unwrap_err().to_string()
}

#[test]
fn a_damaged_header_is_refused_with_expectation_and_finding() {
    assert_eq!(error_after(Vec::clear), "graph bytes: expected 18 header bytes, found 0");
    assert_eq!(error_after(|b| b.truncate(17)), "graph bytes: expected 18 header bytes, found 17");
    let foreign = error_after(|b| b[0] = b'P');
    assert!(foreign.contains("expected the magic HESSEGRF") && foreign.contains("found [50, 45"), "{foreign}");
    let version = error_after(|b| b[8] = 9);
    assert_eq!(version, format!("graph bytes: expected version {FORMAT_VERSION}, found 9"));
    let long = error_after(|b| b[10..18].fill(0xff));
    assert!(long.contains("expected 18446744073709551615 payload bytes"), "{long}");
}

#[test]
fn every_truncation_and_every_extension_is_refused() {
    let stored = perceptron(5).to_bytes().unwrap();
    for n in 0..stored.len() {
        assert!(Graph::from_bytes(&stored[..n]).is_err(), "{n} bytes of {}", stored.len());
        // The same with a length that admits to it.
        if n >= 18 {
            let mut shorter = stored[..n].to_vec();
            shorter[10..18].copy_from_slice(&(n as u64 - 18).to_le_bytes());
            assert!(Graph::from_bytes(&shorter).is_err(), "an honest length of {n}");
        }
    }
    let longer = error_after(|b| {
        b.push(0);
        let length = b.len() as u64 - 18;
        b[10..18].copy_from_slice(&length.to_le_bytes());
    });
    assert_eq!(longer, "graph bytes: expected no bytes behind the graph, found 1");
}

/// Replaces a run of bytes, wherever it first stands, by another of the same length.
fn replace(bytes: &mut [u8], from: &[u8], to: &[u8]) {
    let at = bytes.windows(from.len()).position(|w| w == from).unwrap();
    bytes[at..at + to.len()].copy_from_slice(to);
}

#[test]
fn parameters_of_one_name_are_refused() {
    let twice = error_after(|b| replace(b, b"below.bias", b"above.bias"));
    assert_eq!(twice, "graph bytes: expected a new name, found above.bias");
}

#[test]
fn names_that_are_not_printable_are_refused() {
    let broken = error_after(|b| replace(b, b"below.bias", b"below\x1b[2Js"));
    assert_eq!(broken, r#"graph bytes: expected a printable name, found "below\u{1b}[2Js""#);
}

#[test]
fn parameters_without_entries_are_refused() {
    // The name, its length before it, then the number of axes and the sizes.
    let empty = error_after(|b| replace(b, b"below.bias\x01\x05", b"below.bias\x01\x00"));
    assert_eq!(empty, "graph bytes: expected positive sizes of below.bias, found [0]");
}

#[test]
fn a_leaf_that_stands_twice_is_refused() {
    // Source::Parameter(i) is variant 0 of Op::Input, variant 0: make a second leaf of parameter 0's shape and number.
    let mut g = hesse_core::graph::GraphBuilder::new(hesse_core::graph::Mode::Eval);
    let x = g.samples(&[3]).unwrap();
    let a = g.linear_no_bias("one", x, 3).unwrap();
    let b = g.linear_no_bias("two", a, 3).unwrap();
    let mut stored = g.finish(b).unwrap().to_bytes().unwrap();
    let leaf = |i: u8| [0, 0, i, 0, 2, 0, 3, 0, 3, 0];
    replace(&mut stored, &leaf(1), &leaf(0));
    let error = Graph::from_bytes(&stored).unwrap_err().to_string();
    assert_eq!(error, "graph bytes: expected each input once, found Parameter(0) again");
}
