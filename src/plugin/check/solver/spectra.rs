//! Spectra that are known to trip eigensolvers; all of them rotated.

use super::judge::{Outcome, outcome, probed, reachable, request};
use crate::plugin::check::Verdict;
use crate::plugin::check::planted::outliers;
use hesse_core::EigenSolver;
use hesse_core::eigen::EigenRequest;
use hesse_core::vectors::Precision;

const BOTH: [Precision; 2] = [Precision::F32, Precision::F64];

/// Both precisions, each at a tolerance that it can reach.
fn both(
    (largest, smallest): (usize, usize),
    mut run: impl FnMut(Precision, &EigenRequest) -> Result<Outcome, String>,
) -> Result<Option<String>, String> {
    let mut all = Outcome::Right;
    for precision in BOTH {
        let ask = EigenRequest { tolerance: reachable(precision), ..request(largest, smallest) };
        all = all.and(run(precision, &ask).map_err(|why| format!("{precision}: {why}"))?);
    }
    Ok(all.note())
}

pub(super) fn check(verdict: &mut Verdict, solver: &dyn EigenSolver) {
    verdict.noted("a matrix scaled by 1e-8 or 1e8 gives scaled eigenvalues", || {
        let mut all = Outcome::Right;
        for scale in [1e-8, 1e8] {
            for precision in BOTH {
                let values: Vec<f64> = outliers(150).iter().map(|v| v * scale).collect();
                let ask = EigenRequest { tolerance: reachable(precision), ..request(3, 1) };
                all = all.and(outcome(solver, &values, precision, &ask)?);
            }
        }
        Ok(all.note())
    });
    verdict.noted("the two ends may have the same modulus", || {
        let mut values = outliers(150);
        values.push(-10.0);
        both((2, 2), |precision, ask| outcome(solver, &values, precision, ask))
    });
    verdict.noted("pairs ±λ at both ends are told apart", || {
        let values: Vec<f64> = (1..=60).flat_map(|i| [f64::from(i), -f64::from(i)]).collect();
        both((2, 2), |precision, ask| outcome(solver, &values, precision, ask))
    });
    verdict.noted("a positive semidefinite matrix of low rank has zeros at its lower end", || {
        let mut values = vec![0.0; 80];
        values.extend([5.0, 3.0, 2.0]);
        both((2, 1), |precision, ask| outcome(solver, &values, precision, ask))
    });
    verdict.noted("more pairs may be asked of a matrix than its rank", || {
        let mut values = vec![0.0; 45];
        values.extend([5.0, 4.0, 3.0, 2.0, 1.0]);
        both((8, 0), |precision, ask| probed(solver, &values, precision, ask))
    });
    verdict.noted("the zero matrix has eigenvalue zero, as often as is asked", || {
        both((3, 1), |precision, ask| outcome(solver, &[0.0; 30], precision, ask))
    });
    verdict.noted("one dimension is enough", || {
        let mut all = Outcome::Right;
        for value in [-3.0, 0.0, 2.0] {
            all = all.and(outcome(solver, &[value], Precision::F64, &request(1, 0))?);
            all = all.and(outcome(solver, &[value], Precision::F64, &request(0, 1))?);
        }
        Ok(all.note())
    });
    verdict.noted("all pairs of a small matrix can be had, and all but one", || {
        let values = [4.0, 2.5, 1.0, -1.5, -3.0, 0.25];
        let all = outcome(solver, &values, Precision::F64, &request(4, 2))?;
        let less = outcome(solver, &values, Precision::F64, &request(3, 2))?;
        let longer: Vec<f64> = (0..24).map(|i| f64::from((7 * i) % 24) - 9.0).collect();
        Ok(all.and(less).and(probed(solver, &longer, Precision::F64, &request(23, 0))?).note())
    });
    verdict.noted("an eigenvalue of multiplicity three is found three times by the completeness probe", || {
        let mut values: Vec<f64> = (0..200).map(|i| f64::from(i) / 200.0).collect();
        values[..5].copy_from_slice(&[10.0, 10.0, 10.0, 5.0, 4.0]);
        both((5, 0), |precision, ask| probed(solver, &values, precision, ask))
    });
    verdict.noted("a triple within 7e-5 is found whole by the completeness probe, resolved or not", || {
        let mut values: Vec<f64> = (0..300).map(|i| f64::from(i) / 300.0).collect();
        values[..5].copy_from_slice(&[3.0, 2.99993, 2.99996, 2.0, 1.5]);
        let fine = EigenRequest { tolerance: 1e-7, ..request(5, 0) };
        let coarse = EigenRequest { tolerance: 1e-3, ..request(5, 0) };
        let fine = probed(solver, &values, Precision::F64, &fine)?;
        Ok(fine.and(probed(solver, &values, Precision::F64, &coarse)?).note())
    });
    verdict.noted("two values in two hundred dimensions are counted out", || {
        let values: Vec<f64> = (0..200).map(|i| if i % 2 == 0 { 1.0 } else { 2.0 }).collect();
        both((20, 0), |precision, ask| probed(solver, &values, precision, ask))
    });
}
