//! What an eigensolver must withstand.

use super::planted::{Fault, Planted, outliers};
use super::{Verdict, ensure, within};
use hesse_core::EigenSolver;
use hesse_core::eigen::{Control, EigenRequest, EigenResult, SolverError};
use hesse_core::operator::{LinearOperator, OperatorError};
use hesse_core::options::Options;
use hesse_core::registry::{Listed, SolverEntry};
use hesse_core::vectors::Precision;

type Judged = Result<(), String>;

fn request(largest: usize, smallest: usize) -> EigenRequest {
    EigenRequest { largest, smallest, tolerance: 1e-6, max_products: 2000, seed: 1 }
}

fn solve(solver: &dyn EigenSolver, a: &Planted, request: &EigenRequest) -> Result<EigenResult, String> {
    solver.solve(a, request, &mut |_| Control::Continue).map_err(|error| error.to_string())
}

/// Compares with the planted spectrum, and recomputes residuals and orthonormality.
fn judge(a: &Planted, request: &EigenRequest, found: &EigenResult) -> Judged {
    let e = |error: &dyn std::fmt::Display| error.to_string();
    let (largest, smallest) = (a.largest(request.largest), a.smallest(request.smallest));
    ensure(found.largest.len() == largest.len() && found.smallest.len() == smallest.len(), || {
        let (l, s) = (found.largest.len(), found.smallest.len());
        format!("expected {} and {} pairs, found {l} and {s}", largest.len(), smallest.len())
    })?;
    ensure(found.remarks.is_empty(), || found.remarks.join("; "))?;
    let scale = a.norm().max(f64::MIN_POSITIVE);
    let pairs: Vec<_> = found.largest.iter().chain(&found.smallest).collect();
    for (pair, exact) in pairs.iter().zip(largest.iter().chain(&smallest)) {
        // For a symmetric matrix a residual bounds the error of the value.
        within("error of an eigenvalue / ‖A‖", (pair.value - exact).abs() / scale, 2.0 * request.tolerance)?;
        ensure(pair.converged, || format!("{} is not marked as converged", pair.value))?;
    }
    let space = a.space();
    let count = pairs.len();
    let mut v = space.zeros(count).map_err(|x| e(&x))?;
    for (to, pair) in pairs.iter().enumerate() {
        ensure(pair.column < found.vectors.columns(), || format!("no column {}", pair.column))?;
        let from = found.vectors.view(pair.column..pair.column + 1);
        space.copy(from, v.view_mut(to..to + 1)).map_err(|x| e(&x))?;
    }
    let gram = space.gram(v.all(), v.all()).map_err(|x| e(&x))?;
    let mut worst: f64 = 0.0;
    for (at, g) in gram.iter().enumerate() {
        let identity = if at / count == at % count { 1.0 } else { 0.0 };
        worst = worst.max((g - identity).abs());
    }
    within("departure of the vectors from orthonormality", worst, 100.0 * space.precision().epsilon().sqrt())?;
    let mut r = space.zeros(count).map_err(|x| e(&x))?;
    a.apply(v.all(), r.all_mut()).map_err(|x| e(&x))?;
    for (i, pair) in pairs.iter().enumerate() {
        let minus = [-pair.value];
        space.combine(r.view_mut(i..i + 1), 1.0, v.view(i..i + 1), &minus).map_err(|x| e(&x))?;
        let square = space.gram(r.view(i..i + 1), r.view(i..i + 1)).map_err(|x| e(&x))?;
        let residual = square.first().copied().unwrap_or(f64::NAN).sqrt() / scale;
        within("recomputed residual", residual, 1.5 * request.tolerance)?;
    }
    Ok(())
}

fn both_ends(solver: &dyn EigenSolver, values: Vec<f64>, precision: Precision, request: &EigenRequest) -> Judged {
    let a = Planted::new(values, precision);
    let found = solve(solver, &a, request)?;
    judge(&a, request, &found)
}

pub(super) fn check(entry: &Listed<SolverEntry>) -> Verdict {
    let mut verdict = Verdict::new("solver", entry.name);
    let made = (entry.make)(&Options::default());
    verdict.point("it can be made without options", || match &made {
        Ok(_) => Ok(()),
        Err(error) => Err(error.to_string()),
    });
    let Ok(solver) = made else { return verdict };
    let solver = solver.as_ref();

    verdict.point("the outermost eigenpairs at both ends are found, with honest residuals", || {
        both_ends(solver, outliers(200), Precision::F64, &request(4, 2))
    });
    verdict.point("in single precision too", || {
        let request = EigenRequest { tolerance: 1e-4, ..request(4, 2) };
        both_ends(solver, outliers(200), Precision::F32, &request)
    });
    verdict.point("the largest alone, and the smallest alone", || {
        both_ends(solver, outliers(150), Precision::F64, &request(2, 0))?;
        both_ends(solver, outliers(150), Precision::F64, &request(0, 2))
    });
    verdict.point("a matrix scaled by 1e-8 or 1e8 gives scaled eigenvalues", || {
        for scale in [1e-8, 1e8] {
            let values = outliers(150).iter().map(|v| v * scale).collect();
            both_ends(solver, values, Precision::F64, &request(3, 1))?;
        }
        Ok(())
    });
    verdict.point("the two ends may have the same modulus", || {
        let mut values = outliers(150);
        values.push(-10.0);
        both_ends(solver, values, Precision::F64, &request(2, 2))
    });
    verdict.point("a positive semidefinite matrix of low rank has zeros at its lower end", || {
        let mut values = vec![0.0; 80];
        values.extend([5.0, 3.0, 2.0]);
        let a = Planted::new(values, Precision::F64);
        let request = request(2, 1);
        let found = solve(solver, &a, &request)?;
        judge(&a, &request, &found)
    });
    verdict.point("one dimension is enough", || both_ends(solver, vec![-3.0], Precision::F64, &request(1, 0)));
    verdict.point("all pairs of a small matrix can be had", || {
        let values = vec![4.0, 2.5, 1.0, -1.5, -3.0, 0.25];
        both_ends(solver, values, Precision::F64, &request(4, 2))
    });
    verdict.point("the zero matrix has eigenvalue zero", || {
        let a = Planted::new(vec![0.0; 30], Precision::F64);
        let found = solve(solver, &a, &request(1, 0))?;
        let value = found.largest.first().map(|p| p.value);
        ensure(value.is_some_and(|v| v.abs() < 1e-300), || format!("expected 0, found {value:?}"))
    });
    verdict.point("a spent budget is kept to, and nothing is claimed that was not reached", || {
        let values: Vec<f64> = (0..400).map(|i| 1.0 + f64::from(i) * 1e-4).collect();
        let a = Planted::new(values, Precision::F64);
        let request = EigenRequest { max_products: 12, tolerance: 1e-10, ..request(2, 0) };
        let found = solve(solver, &a, &request)?;
        let products = a.columns();
        // A loaded solver's claims cost as many more, when they are checked.
        ensure(products <= 12 + 3 * 2, || format!("expected about 12 products, found {products}"))?;
        ensure(found.largest.iter().all(|p| !p.converged), || "unconverged pairs are marked as converged".into())
    });
    verdict.point("the observer is heard, and can stop the run", || {
        let values: Vec<f64> = (0..400).map(|i| 1.0 + f64::from(i) * 1e-3).collect();
        let a = Planted::new(values, Precision::F64);
        let mut heard = 0;
        let request = EigenRequest { tolerance: 1e-9, ..request(2, 2) };
        let found = solver
            .solve(&a, &request, &mut |_| {
                heard += 1;
                if heard < 3 { Control::Continue } else { Control::Stop }
            })
            .map_err(|error| error.to_string())?;
        ensure(heard >= 3, || format!("the observer was called {heard} times"))?;
        ensure(a.columns() < 200, || format!("{} products after the stop", a.columns()))?;
        ensure(found.largest.iter().all(|p| !p.converged), || "pairs are marked as converged".into())
    });
    verdict.point("a failure of the operator comes back as it was", || {
        let a = Planted::new(outliers(100), Precision::F64).failing(Fault::Error(4));
        match solver.solve(&a, &request(2, 1), &mut |_| Control::Continue) {
            Err(SolverError::Operator(OperatorError::Data(cause))) if cause == "a planted failure" => Ok(()),
            Err(other) => Err(format!("found the error: {other}")),
            Ok(_) => Err("found a result".into()),
        }
    });
    verdict.point("products that are no numbers are an error, or at least no result", || {
        let a = Planted::new(outliers(100), Precision::F64).failing(Fault::NotANumber(4));
        match solver.solve(&a, &request(2, 1), &mut |_| Control::Continue) {
            Err(_) => Ok(()),
            Ok(found) => ensure(found.largest.iter().chain(&found.smallest).all(|p| !p.converged), || {
                "pairs of NaN are marked as converged".into()
            }),
        }
    });
    verdict.point("the same seed gives the same bits", || {
        let bits = || {
            let a = Planted::new(outliers(120), Precision::F64);
            let found = solve(solver, &a, &request(3, 1))?;
            Ok::<_, String>(found.largest.iter().chain(&found.smallest).map(|p| p.value.to_bits()).collect::<Vec<_>>())
        };
        ensure(bits()? == bits()?, || "two runs differ".into())
    });
    verdict.point("two runs at the same time do not disturb each other", || {
        let run = || both_ends(solver, outliers(120), Precision::F64, &request(3, 1));
        std::thread::scope(|scope| {
            let other = scope.spawn(run);
            run().and(other.join().unwrap_or_else(|_| Err("panicked".into())))
        })
    });
    verdict.point("senseless requests are refused", || {
        let a = Planted::new(outliers(50), Precision::F64);
        let senseless = [
            request(0, 0),
            request(51, 0),
            EigenRequest { tolerance: 0.0, ..request(1, 0) },
            EigenRequest { max_products: 0, ..request(1, 0) },
        ];
        for bad in senseless {
            ensure(solver.solve(&a, &bad, &mut |_| Control::Continue).is_err(), || format!("{bad:?} was accepted"))?;
        }
        Ok(())
    });
    verdict
}
