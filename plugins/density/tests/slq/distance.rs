//! Wasserstein distances to the true spectrum, against tables measured with NumPy at n = 800.

use super::{request, run, with_known};
use hesse_core::estimate::DensityRequest;
use hesse_core::planted::{Planted, decaying};
use hesse_core::vectors::Precision;

const TRIALS: u64 = 12;

fn mean_distance(operator: &Planted, steps: usize, probes: usize, known: usize) -> f64 {
    let values = operator.eigenvalues();
    let range = values.iter().fold(0.0f64, |m, v| m.max(*v)) - values.iter().fold(0.0f64, |m, v| m.min(*v));
    (0..TRIALS)
        .map(|seed| {
            let density = match known {
                0 => run(operator, &request(steps, probes, seed)),
                _ => with_known(operator, known, |pairs| {
                    run(operator, &DensityRequest { known: Some(pairs), ..request(steps, probes, seed) })
                }),
            };
            density.wasserstein(values) / range / TRIALS as f64
        })
        .sum()
}

#[test]
fn distances_are_those_of_the_tables_and_deflation_makes_them_six_times_smaller() {
    let operator = Planted::new(decaying(1024, 2, true), Precision::F64, 3).unwrap();
    for (probes, plain, deflated) in [(1, 2.9e-3, 2.5e-4), (4, 1.4e-3, 1.4e-4), (16, 8.8e-4, 1.0e-4)] {
        let (p, d) = (mean_distance(&operator, 40, probes, 0), mean_distance(&operator, 40, probes, 10));
        println!("{probes} probes: plain {p:.2e} (table {plain:.1e}), deflated {d:.2e} (table {deflated:.1e})");
        // Other draws, a larger dimension, and few trials of a χ² with one degree of freedom.
        assert!(p < 2.0 * plain && p > plain / 2.5, "{probes}: {p}");
        assert!(d < 2.0 * deflated && d > deflated / 2.5, "{probes}: {d}");
        assert!(p / d > 5.0, "{probes}: {p} {d}");
    }
}

#[test]
fn more_steps_help_only_where_there_are_probes() {
    let operator = Planted::new(decaying(1024, 2, true), Precision::F64, 3).unwrap();
    let (ten, forty) = (mean_distance(&operator, 10, 16, 0), mean_distance(&operator, 40, 16, 0));
    println!("16 probes: 10 steps {ten:.2e} (table 1.6e-3), 40 steps {forty:.2e} (table 5.9e-4)");
    assert!(ten > 1.3 * forty, "{ten} {forty}");
}
