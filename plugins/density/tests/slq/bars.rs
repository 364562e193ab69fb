//! Bands of the cumulative distribution, of masses and of the trace.

use super::{request, run, with_known};
use hesse_core::estimate::{DensityRequest, statistics};
use hesse_core::planted::{Planted, decaying, flat};
use hesse_core::vectors::Precision;

fn share_below(values: &[f64], x: f64) -> f64 {
    values.iter().filter(|v| **v <= x).count() as f64 / values.len() as f64
}

fn spectra(n: usize) -> [(&'static str, Vec<f64>); 3] {
    [("indefinite", decaying(n, 1, true)), ("decaying", decaying(n, 1, false)), ("flat", flat(n, 1))]
}

/// Places in the middle of the bulk: quantiles of the spectrum, off the eigenvalues.
fn places(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    [0.1, 0.3, 0.5, 0.7, 0.85]
        .map(|q| (q * sorted.len() as f64) as usize)
        .map(|i| 0.5 * (sorted[i] + sorted[i + 1]))
        .to_vec()
}

#[test]
fn with_every_step_the_bars_of_the_probes_alone_hold_in_95_percent() {
    // All 64 steps: quadratures are distributions, and nothing is left but the noise of the probes.
    for (name, values) in spectra(64) {
        let operator = Planted::new(values.clone(), Precision::F64, 5).unwrap();
        let places = places(&values);
        let (mut within, mut traces) = (0usize, 0usize);
        let repetitions = 400;
        for seed in 0..repetitions {
            let density = run(&operator, &request(64, 12, seed));
            for &x in &places {
                let (point, truth) = (density.cumulative(x, 0.95), share_below(&values, x));
                within += usize::from(point.low <= truth && truth <= point.high);
            }
            // A trace needs no steps but the first, and more probes: the outliers of a spectrum make its samples lopsided,
            // and bars of a dozen such samples hold in 91 % only.
            let trace = run(&operator, &request(1, 60, seed)).trace();
            let factor = statistics::student_t(0.95, trace.samples - 1);
            traces += usize::from((trace.value - values.iter().sum::<f64>()).abs() <= factor * trace.standard_error);
        }
        let share = within as f64 / (repetitions as usize * places.len()) as f64;
        let trace_share = traces as f64 / repetitions as f64;
        println!("{name}: cumulative {share:.4}, trace {trace_share:.4}");
        assert!((0.92..=0.98).contains(&share), "{name}: {share}");
        assert!((0.92..=0.98).contains(&trace_share), "{name}: {trace_share}");
    }
}

#[test]
fn with_few_steps_the_whole_band_holds_at_least_as_often() {
    for (name, values) in spectra(256) {
        let operator = Planted::new(values.clone(), Precision::F64, 5).unwrap();
        let places = places(&values);
        for known in [0, 10] {
            let (mut within, mut wide) = (0usize, 0.0f64);
            for seed in 0..100 {
                let density = match known {
                    0 => run(&operator, &request(12, 8, seed)),
                    _ => with_known(&operator, known, |pairs| {
                        run(&operator, &DensityRequest { known: Some(pairs), ..request(12, 8, seed) })
                    }),
                };
                for &x in &places {
                    let (point, truth) = (density.cumulative(x, 0.95), share_below(&values, x));
                    within += usize::from(point.low <= truth && truth <= point.high);
                    wide = wide.max(point.high - point.low);
                    assert!(point.quadrature_low <= point.value && point.value <= point.quadrature_high);
                }
            }
            let share = within as f64 / (100 * places.len()) as f64;
            println!("{name}, {known} known: {share:.4}, widest band {wide:.3}");
            assert!(share >= 0.92, "{name}: {share}");
            // The bands say something where no eigenvalue has most of the mass.
            assert!(name != "flat" || wide < 0.7, "{name}: {wide}");
        }
    }
}

#[test]
fn the_bounds_of_a_quadrature_enclose_the_distribution_of_its_probe() {
    // The same probe with all steps is the distribution that the short rules bracket. No probe noise is involved.
    for (name, values) in spectra(64) {
        let operator = Planted::new(values, Precision::F64, 5).unwrap();
        for seed in 0..20 {
            let truth = run(&operator, &request(64, 1, seed));
            for steps in [1, 2, 5, 11, 20] {
                let short = run(&operator, &request(steps, 1, seed));
                for i in -40..=400 {
                    let x = f64::from(i) * 0.0531;
                    let (exact, bound) = (truth.cumulative(x, 0.95), short.cumulative(x, 0.95));
                    let inside =
                        bound.quadrature_low - 1e-9 <= exact.value && exact.value <= bound.quadrature_high + 1e-9;
                    assert!(inside, "{name}, {steps} steps at {x}: {bound:?} {exact:?}");
                }
            }
        }
    }
}

#[test]
fn the_masses_below_and_above_zero_are_those_of_the_spectrum() {
    let values = decaying(256, 1, true);
    let operator = Planted::new(values.clone(), Precision::F64, 5).unwrap();
    with_known(&operator, 10, |pairs| {
        let density = run(&operator, &DensityRequest { known: Some(pairs), ..request(40, 16, 3) });
        let masses = density.masses(0.01, 0.95);
        let below = values.iter().filter(|v| **v < -0.01).count() as f64 / 256.0;
        let above = values.iter().filter(|v| **v > 0.01).count() as f64 / 256.0;
        for (found, truth) in [(masses.below, below), (masses.above, above), (masses.around, 1.0 - below - above)] {
            assert!(found.low <= truth && truth <= found.high, "{found:?} {truth}");
            assert!((found.value - truth).abs() < 0.1, "{found:?} {truth}");
        }
    });
}
