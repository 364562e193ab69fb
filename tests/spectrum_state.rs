//! A spectrum run that is stopped goes on from its state file to the same bits.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use hesse::problem::{BackendSpec, ProblemSpec, Session};
use hesse::spectrum::{Event, Spectrum, SpectrumError, SpectrumOptions, Watch, measure};
use hesse_core::eigen::{SolverEvent, StopReason};
use hesse_core::vectors::Precision;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

fn session(seed: u64, precision: Precision) -> Session {
    Session::open(ProblemSpec {
        model: "mlp:hidden=12".into(),
        weights: None,
        data: "glyphs".parse().unwrap(),
        split: "train".parse().unwrap(),
        samples: "0..48".parse().unwrap(),
        perturbation: None,
        normalization: Default::default(),
        loss: Default::default(),
        mode: hesse_core::graph::Mode::Eval,
        backend: BackendSpec { precision, threads: Some(2), ..Default::default() },
        seed,
        batch: 20,
        memory: 1 << 28,
    })
    .unwrap()
}

fn options(state: Option<&Path>) -> SpectrumOptions {
    SpectrumOptions {
        largest: 4,
        smallest: 1,
        tolerance: 1e-4,
        solver: "lanczos:basis=10".into(),
        self_test: false,
        state: state.map(Path::to_path_buf),
        ..SpectrumOptions::default()
    }
}

/// Measures, and asks to stop once so many products are done.
fn run(session: &Session, options: &SpectrumOptions, stop_at: usize) -> Result<Spectrum, SpectrumError> {
    let products = AtomicUsize::new(0);
    let mut observe = |event| {
        if let Event::Solver(SolverEvent::Step { products: done }) = event {
            products.store(done, Ordering::Relaxed);
        }
    };
    let stop = || products.load(Ordering::Relaxed) >= stop_at;
    measure(session, options, &mut Watch { observe: &mut observe, stop: &stop })
}

fn bits(spectrum: &Spectrum) -> Vec<u64> {
    let pairs = spectrum.eigen.largest.iter().chain(&spectrum.eigen.smallest);
    pairs.flat_map(|p| [p.value.to_bits(), p.residual.to_bits()]).collect()
}

#[test]
fn a_run_that_is_stopped_goes_on_to_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state");
    // Every product is stopped at in the solver's own tests; here the file is what is tested.
    for (precision, step) in [(Precision::F32, 3), (Precision::F64, 11)] {
        let session = session(1, precision);
        let whole = run(&session, &options(None), usize::MAX).unwrap();
        let products = whole.eigen.statistics.products;
        assert!(whole.eigen.statistics.restarts > 0, "{:?}", whole.eigen.statistics);
        for stop in (1..products).step_by(step) {
            let first = run(&session, &options(Some(&file)), stop).unwrap();
            if first.eigen.reason == StopReason::Interrupted {
                assert!(file.exists(), "no state after {stop}");
            } else {
                // The last products are one block, which nothing interrupts.
                assert!(!file.exists());
                continue;
            }
            let rest = run(&session, &options(Some(&file)), usize::MAX).unwrap();
            assert_eq!(bits(&rest), bits(&whole), "{precision}, stopped after {stop} of {products}");
            assert_eq!(rest.eigen.statistics.products, products);
            assert!(!file.exists(), "a run that is done needs no state");
        }
    }
}

#[test]
fn a_state_of_another_run_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state");
    run(&session(1, Precision::F32), &options(Some(&file)), 3).unwrap();
    let refusal = |session: &Session, options: &SpectrumOptions| {
        run(session, options, usize::MAX).map(|_| ()).unwrap_err().to_string()
    };
    let other = refusal(&session(2, Precision::F32), &options(Some(&file)));
    assert!(other.contains("belongs to another run") && other.contains("seed '1' there, '2' here"), "{other}");
    let other = refusal(&session(1, Precision::F64), &options(Some(&file)));
    assert!(other.contains("backend"), "{other}");
    let more = SpectrumOptions { largest: 5, ..options(Some(&file)) };
    let other = refusal(&session(1, Precision::F32), &more);
    assert!(other.contains("largest '4' there, '5' here"), "{other}");
    std::fs::write(&file, b"not a state").unwrap();
    let other = refusal(&session(1, Precision::F32), &options(Some(&file)));
    assert!(other.contains("no state of a solver") && other.contains("remove it"), "{other}");
    let power = SpectrumOptions { solver: "power-iteration".into(), ..options(Some(&file)) };
    let other = refusal(&session(1, Precision::F32), &power);
    assert!(other.contains("power-iteration cannot save its state"), "{other}");
}

#[test]
fn the_completeness_probe_is_reported_with_its_cost() {
    let session = session(1, Precision::F64);
    for solver in ["lanczos", "lobpcg", "block-krylov"] {
        let wanted = SpectrumOptions { complete: true, solver: solver.into(), ..options(None) };
        let spectrum = run(&session, &wanted, usize::MAX).unwrap();
        let verdict = spectrum.completeness.unwrap();
        println!("{solver}: {verdict:?} of {}", spectrum.eigen.statistics.products);
        assert!(verdict.confirmed && verdict.products > 0 && verdict.products < spectrum.eigen.statistics.products);
        assert!(spectrum.converged(&wanted));
    }
}
