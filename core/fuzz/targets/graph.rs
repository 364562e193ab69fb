//! Graph bytes of a hostile plugin: an error, or a graph that comes back as it is, can be printed, hashed, inlined and
//! differentiated.
#![no_main]
use hesse_core::graph::{Graph, GraphBuilder, Mode};
use hesse_core::loss::Loss;
use hesse_core::program::Problem;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|payload: &[u8]| {
    // The header is not what is in question: a fuzzer would spend its time on it.
    let mut bytes = b"HESSEGRF\x01\x00".to_vec();
    bytes.extend((payload.len() as u64).to_le_bytes());
    bytes.extend(payload);
    let Ok(graph) = Graph::from_bytes(&bytes) else { return };
    let again = graph.to_bytes().expect("what was read can be written");
    // NaN is not itself; compare bytes.
    let back = Graph::from_bytes(&again).expect("what was written can be read");
    assert_eq!(back.to_bytes().expect("again"), again);
    let _ = graph.content_hash();
    let _ = graph.to_string();
    let mut g = GraphBuilder::new(Mode::Eval);
    if let Ok(x) = g.samples(&[4])
        && let Ok(y) = g.inline(&graph, x)
    {
        let _ = g.finish(y);
    }
    if graph.nodes().len() < 64
        && let Ok(problem) = Problem::new(graph, &Loss::SquaredError)
    {
        let _ = problem.hessian(&problem.all_parameters());
    }
});
