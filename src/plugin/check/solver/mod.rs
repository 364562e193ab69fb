//! What an eigensolver must withstand.
//!
//! The rule is: right, or honest. A method that cannot solve a hard matrix may say so (the point holds, with a note); what no
//! method may do is to claim what is not. One easy matrix must be solved by all.

mod judge;
mod spectra;
mod starts;

use super::planted::{Fault, Planted, outliers};
use super::{Verdict, ensure};
use hesse_core::eigen::{Control, EigenRequest, SolverError};
use hesse_core::operator::OperatorError;
use hesse_core::options::Options;
use hesse_core::registry::{Listed, SolverEntry};
use hesse_core::vectors::Precision;
use judge::{Outcome, outcome, request, solve};

pub(super) fn check(entry: &Listed<SolverEntry>) -> Verdict {
    let mut verdict = Verdict::new("solver", entry.name);
    let made = (entry.make)(&Options::default());
    verdict.point("it can be made without options", || match &made {
        Ok(_) => Ok(()),
        Err(error) => Err(error.to_string()),
    });
    let Ok(solver) = made else { return verdict };
    let solver = solver.as_ref();

    verdict.point("an easy matrix is solved to a tenth", || {
        let ask = EigenRequest { tolerance: 0.1, ..request(3, 1) };
        outcome(solver, &outliers(200), Precision::F64, &ask)?.required()?;
        outcome(solver, &outliers(200), Precision::F32, &ask)?.required()
    });
    verdict.noted("the outermost eigenpairs at both ends are found, with honest residuals", || {
        Ok(outcome(solver, &outliers(200), Precision::F64, &request(4, 2))?.note())
    });
    verdict.noted("in single precision too", || {
        let ask = EigenRequest { tolerance: 1e-4, ..request(4, 2) };
        Ok(outcome(solver, &outliers(200), Precision::F32, &ask)?.note())
    });
    verdict.noted("the largest alone, and the smallest alone", || {
        let top = outcome(solver, &outliers(150), Precision::F64, &request(2, 0))?;
        Ok(top.and(outcome(solver, &outliers(150), Precision::F64, &request(0, 2))?).note())
    });
    spectra::check(&mut verdict, solver);
    starts::check(&mut verdict, solver);
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
        let run = || outcome(solver, &outliers(120), Precision::F64, &request(3, 1));
        let (one, other): (Outcome, Outcome) = std::thread::scope(|scope| {
            let other = scope.spawn(run);
            Ok::<_, String>((run()?, other.join().unwrap_or_else(|_| Err("panicked".into()))?))
        })?;
        ensure(one == other, || "two runs differ".into())
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
