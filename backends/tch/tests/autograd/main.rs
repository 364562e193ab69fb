//! libtorch's own autograd as an independent oracle: loss, gradient, H·v and H_x·v of every primitive's case and of every
//! built-in model, in double precision.
//!
//! The networks are interpreted with tensors that require gradients; nothing of Hesse's derivative rules, lowering or
//! kernels is used on that side.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that cannot go on has failed

mod differentiate;
mod interpret;
mod models;
#[path = "../../../../core/tests/oracle/mod.rs"]
#[allow(dead_code)] // the setting and its values are used, the dual numbers are not
mod oracle;
#[path = "../../../../core/tests/suite/mod.rs"]
#[allow(dead_code, unused_macros, unused_imports)] // the cases are used, the points are not
mod suite;

use differentiate::Autograd;
use hesse_core::SecondOrderBackend;
use hesse_core::backend::BackendRequest;
use hesse_core::program::{Problem, Wrt};
use hesse_core::vectors::Precision;
use hesse_tch::TchBackend;
use oracle::setting::Setting;
use suite::compare::Verdict;
use suite::subject::Subject;
use suite::truth::{By, CASES, truth};

/// Relative agreement asked for.
const TOLERANCE: f64 = 1e-10;

fn open() -> impl SecondOrderBackend {
    TchBackend::new(&BackendRequest { device: "cpu".into(), precision: Precision::F64, threads: None }).unwrap()
}

/// A unit vector that is nowhere near special.
fn direction(length: usize) -> Vec<f64> {
    let v: Vec<f64> = (1..=length).map(|i| (i as f64).sin()).collect();
    let norm = v.iter().map(|v| v * v).sum::<f64>().sqrt();
    v.iter().map(|v| v / norm).collect()
}

/// Compares everything that autograd can tell about a network.
fn compare(name: &str, s: &Setting, problem: &Problem, wrt: &Wrt, verdict: &mut Verdict) {
    let backend = open();
    let subject = Subject::new(&backend, s).unwrap();
    let v = direction(problem.dimension(wrt).at(s.batch));
    let known = Autograd::of(s, *wrt == Wrt::Samples, &v);
    let (outcome, gradient) = subject.run(&problem.gradient(wrt).unwrap()).unwrap();
    verdict.close(|| format!("{name}: loss"), &[outcome.loss], &[known.loss], TOLERANCE);
    verdict.close(|| format!("{name}: gradient"), &gradient, &known.gradient, TOLERANCE);
    let product = subject.product(&problem.hessian(wrt).unwrap(), &[v]).unwrap().remove(0);
    if known.product.iter().all(|&p| p == 0.0) {
        // Where the network is linear in what moves, rounding is all that there is.
        let largest = product.iter().fold(0.0, |m: f64, p| m.max(p.abs()));
        verdict.holds(|| format!("{name}: H·v is {largest:e}, expected zero"), largest < 1e-13);
    } else {
        // Autograd forms 1 − p of a saturated softmax: its own product has lost as many digits as the loss is small. The
        // conformance suite compares the same cases with dual numbers, which have not.
        let tolerance = TOLERANCE.max(1e-14 / known.loss.abs());
        verdict.close(|| format!("{name}: H·v"), &product, &known.product, tolerance);
    }
}

#[test]
fn every_case_agrees_with_autograd() {
    let mut verdict = Verdict::default();
    for case in CASES.iter() {
        for (batch, by) in [(1, By::Parameters), (3, By::Parameters), (3, By::Samples)] {
            if let Some(t) = truth(case, batch, by) {
                let name = format!("{}, batch {batch}, by {by:?}", case.name);
                compare(&name, &t.setting, &t.problem, &t.wrt, &mut verdict);
            }
        }
    }
    verdict.pronounce("autograd, cases", "tch");
}

#[test]
fn every_built_in_model_agrees_with_autograd() {
    let mut verdict = Verdict::default();
    for (name, setting, problem) in models::all() {
        for wrt in [problem.all_parameters(), Wrt::Samples] {
            let by = if wrt == Wrt::Samples { "samples" } else { "parameters" };
            compare(&format!("{name}, by {by}"), &setting, &problem, &wrt, &mut verdict);
        }
    }
    verdict.pronounce("autograd, models", "tch");
}
