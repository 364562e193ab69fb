//! Errors at equal products, against a table measured with NumPy (n = 800, other draws of the same distributions).

use super::{request, run, with_known};
use hesse_core::estimate::{KnownPairs, TraceEstimator, TraceRequest};
use hesse_core::planted::{Planted, decaying, flat};
use hesse_core::vectors::Precision;
use hesse_trace::{HutchPlusPlus, Hutchinson, XTrace};

const REPETITIONS: u64 = 100;

/// Relative root mean square error.
fn rmse(operator: &Planted, estimator: &dyn TraceEstimator, products: usize, known: Option<&KnownPairs<'_>>) -> f64 {
    let truth: f64 = operator.eigenvalues().iter().sum();
    let square: f64 = (0..REPETITIONS)
        .map(|seed| {
            let request = TraceRequest { known: known.cloned(), ..request(products, seed) };
            (run(estimator, operator, &request).unwrap().value / truth - 1.0).powi(2)
        })
        .sum();
    (square / REPETITIONS as f64).sqrt()
}

/// The spectra are random draws and the dimension differs a little, so a factor is allowed either way.
fn near(name: &str, found: f64, expected: f64, factor: f64) {
    println!("{name}: {:.2} % (table {:.2} %)", 100.0 * found, 100.0 * expected);
    assert!(found < factor * expected && found > expected / factor, "{name}: {found} against {expected}");
}

#[test]
fn errors_on_an_indefinite_decaying_spectrum_are_those_of_the_table() {
    let operator = Planted::new(decaying(1024, 2, true), Precision::F64, 3).unwrap();
    let table =
        [(12, 0.11, 0.13, 0.09, 0.008), (30, 0.070, 0.017, 0.0065, 0.0030), (60, 0.057, 0.0046, 0.0031, 0.0026)];
    for (products, hutchinson, hutch_pp, xtrace, deflated) in table {
        near("hutchinson", rmse(&operator, &Hutchinson, products, None), hutchinson, 1.6);
        near("hutch++", rmse(&operator, &HutchPlusPlus::default(), products, None), hutch_pp, 1.9);
        near("xtrace", rmse(&operator, &XTrace, products, None), xtrace, 1.9);
        let of = |known: KnownPairs<'_>| rmse(&operator, &Hutchinson, products, Some(&known));
        near("known top ten", with_known(&operator, of), deflated, 1.9);
    }
}

#[test]
fn on_a_flat_spectrum_hutchinson_is_best() {
    let operator = Planted::new(flat(1024, 2), Precision::F64, 3).unwrap();
    let plain = rmse(&operator, &Hutchinson, 60, None);
    near("hutchinson", plain, 0.0006, 1.6);
    let xtrace = rmse(&operator, &XTrace, 60, None);
    near("xtrace", xtrace, 0.0009, 1.6);
    assert!(plain < xtrace);
}
