//! Stored graphs from anyone: whatever the bytes, reading ends in an error or in a graph that can be used. It never
//! panics, never takes memory that the bytes do not account for, and never loops.

use crate::suite::truth::CASES;
use hesse_core::graph::{Graph, MAGIC};
use hesse_core::loss::Loss;
use hesse_core::program::{Problem, Wrt};
use proptest::prelude::*;

/// Everything that the program does with a foreign graph before it runs it.
fn use_it(graph: &Graph) {
    let text = graph.to_string();
    assert_eq!(text.lines().count(), graph.nodes().len());
    let stored = graph.to_bytes().unwrap();
    assert_eq!(Graph::from_bytes(&stored).unwrap(), *graph);
    graph.content_hash().unwrap();
    graph.parameter_count();
    for loss in [Loss::default(), Loss::SquaredError, Loss::SquaredErrorOneHot] {
        let Ok(problem) = Problem::new(graph.clone(), &loss) else { continue };
        for wrt in [problem.all_parameters(), Wrt::Samples] {
            problem.dimension(&wrt);
            // Either outcome is fine; a panic is not.
            let _ = (problem.gradient(&wrt), problem.hessian(&wrt), problem.gauss_newton(&wrt));
            let _ = (problem.jacobian(&wrt), problem.jacobian_transpose(&wrt));
        }
    }
}

fn read(bytes: &[u8]) {
    if let Ok(graph) = Graph::from_bytes(bytes) {
        use_it(&graph);
    }
}

fn with_header(payload: &[u8]) -> Vec<u8> {
    [&MAGIC[..], &[1, 0], &(payload.len() as u64).to_le_bytes(), payload].concat()
}

fn stored(which: usize) -> Vec<u8> {
    CASES[which % CASES.len()].graph.to_bytes().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        read(&bytes);
        read(&with_header(&bytes));
    }

    #[test]
    fn changed_bytes_never_panic(
        which in any::<usize>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = stored(which);
        for (at, to) in changes {
            let i = 18 + at.index(bytes.len() - 18);
            bytes[i] = to;
        }
        read(&bytes);
    }

    #[test]
    fn inserted_and_removed_bytes_never_panic(
        which in any::<usize>(),
        at in any::<prop::sample::Index>(),
        piece in prop::collection::vec(any::<u8>(), 0..12),
        removed in 0usize..12,
    ) {
        let mut payload = stored(which).split_off(18);
        let start = at.index(payload.len());
        let end = (start + removed).min(payload.len());
        payload.splice(start..end, piece);
        read(&with_header(&payload));
    }

    #[test]
    fn enormous_numbers_never_panic(which in any::<usize>(), at in any::<prop::sample::Index>(), size in 1usize..11) {
        // Every size in a stored graph is a variable-length integer: put the largest of each length anywhere.
        let mut payload = stored(which).split_off(18);
        let start = at.index(payload.len());
        let mut number = vec![0xff; size];
        number[size - 1] = if size == 10 { 0x01 } else { 0x7f };
        payload.splice(start..start + 1, number);
        read(&with_header(&payload));
    }
}

#[test]
fn a_claim_of_more_entries_than_bytes_is_refused_at_once() {
    for count in [u64::from(u32::MAX), 1 << 40, u64::MAX] {
        let mut payload = Vec::new();
        let mut rest = count;
        while rest >= 0x80 {
            payload.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        payload.push(rest as u8);
        let started = std::time::Instant::now();
        assert!(Graph::from_bytes(&with_header(&payload)).is_err());
        assert!(started.elapsed().as_millis() < 200, "{count} nodes");
    }
}

#[test]
fn a_graph_whose_output_is_a_scalar_has_no_loss() {
    // Found by fuzzing: one constant, one output, no axis.
    let payload = [4, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0];
    let mut bytes = b"HESSEGRF\x01\x00".to_vec();
    bytes.extend((payload.len() as u64).to_le_bytes());
    bytes.extend(payload);
    if let Ok(graph) = Graph::from_bytes(&bytes) {
        for loss in [hesse_core::loss::Loss::SquaredError, hesse_core::loss::Loss::default()] {
            assert!(hesse_core::program::Problem::new(graph.clone(), &loss).is_err());
        }
    }
    let mut g = Graph::default();
    let y = g.fill(1.0, hesse_core::graph::Shape::fixed(&[]).unwrap()).unwrap();
    for loss in [hesse_core::loss::Loss::SquaredError, hesse_core::loss::Loss::SquaredErrorOneHot] {
        assert!(loss.record(&mut g, y).is_err());
    }
}
