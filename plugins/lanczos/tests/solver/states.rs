//! Warm starts, and runs that are stopped and gone on from.

use crate::planted::{PLAIN, PROBING, Planted, pm, request, sep, verified};
use hesse_core::LinearOperator;
use hesse_core::eigen::{
    Control, EigenRequest, EigenResult, EigenSolver, SolverError, SolverEvent, Start, StateKeeper, StopReason,
};
use hesse_core::vectors::Precision;
use hesse_lanczos::Lanczos;

/// Keeps every state that is made after one of these products, and the last.
struct Keeper {
    due: usize,
    first: Option<Vec<u8>>,
    last: Option<Vec<u8>>,
}

impl StateKeeper for Keeper {
    fn due(&mut self, products: usize) -> bool {
        products >= self.due && self.first.is_none()
    }
    fn keep(&mut self, state: &[u8]) {
        self.first.get_or_insert_with(|| state.to_vec());
        self.last = Some(state.to_vec());
    }
}

fn bits(operator: &dyn LinearOperator, found: &EigenResult) -> (Vec<u64>, Vec<Vec<f64>>, StopReason, usize, usize) {
    let pairs = found.largest.iter().chain(&found.smallest);
    (
        pairs.flat_map(|p| [p.value.to_bits(), p.residual.to_bits()]).collect(),
        (0..found.vectors.columns()).map(|c| operator.space().read(&found.vectors, c).unwrap()).collect(),
        found.reason,
        found.statistics.products,
        found.statistics.restarts,
    )
}

/// Stops after every product, by the observer and by a kill that leaves a periodic state, and compares what follows.
fn resumes(solver: Lanczos, planted: &Planted, ask: &EigenRequest) {
    let operator = planted.operator();
    let whole = solver.solve(&operator, ask, &mut |_| Control::Continue).unwrap();
    let reference = bits(&operator, &whole);
    let mut resumed = 0;
    for stop in 1..whole.statistics.products {
        let mut keeper = Keeper { due: stop, first: None, last: None };
        let start = Start { keeper: Some(&mut keeper), ..Start::default() };
        let mut heard = 0;
        let stopped = solver
            .solve_from(&operator, ask, start, &mut |event| {
                let (SolverEvent::Step { products } | SolverEvent::Restart { products, .. }) = event else {
                    return Control::Continue;
                };
                heard += usize::from(products >= stop);
                // Every third run is stopped at the next event instead, which may be a restart.
                if products >= stop && heard > usize::from(stop % 3 == 0) { Control::Stop } else { Control::Continue }
            })
            .unwrap();
        let states = [keeper.first, if stopped.reason == StopReason::Interrupted { keeper.last } else { None }];
        for state in states.into_iter().flatten() {
            let start = Start { state: Some(&state), ..Start::default() };
            let found = solver.solve_from(&operator, ask, start, &mut |_| Control::Continue).unwrap();
            assert!(bits(&operator, &found) == reference, "stopped after {stop} of {}", whole.statistics.products);
            resumed += 1;
        }
    }
    println!(
        "{resumed} states of a run of {} products and {} restarts",
        whole.statistics.products, whole.statistics.restarts
    );
    assert!(resumed > whole.statistics.products / 2);
}

#[test]
fn a_run_stopped_anywhere_goes_on_to_the_same_bits() {
    let roots = Planted::new(&(0..80).map(|i| f64::from(i).sqrt()).collect::<Vec<_>>());
    for precision in [Precision::F32, Precision::F64] {
        let ask = request(3, 1, if precision == Precision::F32 { 1e-4 } else { 1e-8 });
        resumes(
            Lanczos { basis: Some(10), block: 1, probe: false, each: false },
            &roots.clone().precision(precision),
            &ask,
        );
        resumes(
            Lanczos { basis: Some(14), block: 3, probe: false, each: false },
            &roots.clone().precision(precision),
            &ask,
        );
    }
    resumes(PLAIN, &pm(300), &request(5, 2, 1e-6));
}

#[test]
fn sweeps_breakdowns_and_failed_acceptances_are_part_of_the_state() {
    let mut values: Vec<f64> = (0..60).map(|i| f64::from(i) / 60.0).collect();
    values[..4].copy_from_slice(&[10.0, 10.0, 10.0, 5.0]);
    resumes(PROBING, &Planted::new(&values), &request(4, 0, 1e-6));
    let two: Vec<f64> = (0..30).map(|i| if i % 2 == 0 { 1.0 } else { 2.0 }).collect();
    resumes(PLAIN, &Planted::new(&two), &request(4, 0, 1e-8));
    // A tolerance below the rounding of the products: acceptances fail, and the basis is rebuilt.
    resumes(PLAIN, &sep(200).precision(Precision::F32), &request(3, 0, 1e-12));
}

#[test]
fn a_state_of_another_basis_is_refused() {
    let planted = sep(100);
    let operator = planted.operator();
    let mut keeper = Keeper { due: 5, first: None, last: None };
    let start = Start { keeper: Some(&mut keeper), ..Start::default() };
    PLAIN.solve_from(&operator, &request(2, 0, 1e-6), start, &mut |_| Control::Continue).unwrap();
    let state = keeper.first.unwrap();
    let try_with = |solver: Lanczos, state: &[u8], operator: &dyn LinearOperator| {
        let start = Start { state: Some(state), ..Start::default() };
        solver.solve_from(operator, &request(2, 0, 1e-6), start, &mut |_| Control::Continue)
    };
    let other = Lanczos { basis: Some(30), block: 1, probe: false, each: false };
    assert!(matches!(try_with(other, &state, &operator), Err(SolverError::State { .. })));
    assert!(matches!(try_with(PLAIN, &state[..state.len() / 2], &operator), Err(SolverError::State { .. })));
    assert!(matches!(try_with(PLAIN, b"other/1", &operator), Err(SolverError::State { .. })));
    let shorter = sep(90);
    assert!(matches!(try_with(PLAIN, &state, &shorter.operator()), Err(SolverError::State { .. })));
}

#[test]
fn initial_vectors_save_products_and_do_not_change_the_answer() {
    for block in [1, 4] {
        let solver = Lanczos { basis: None, block, probe: false, each: false };
        let planted = sep(2000);
        let ask = request(10, 0, 1e-3);
        let cold = verified(solver, &planted, &ask);
        let operator = planted.operator();
        for range in [0..10, 3..10, 0..1] {
            let start = Start::from_vectors(cold.vectors.view(range.clone()));
            let warm = solver.solve_from(&operator, &ask, start, &mut |_| Control::Continue).unwrap();
            println!("block {block}, {range:?}: {} instead of {}", warm.statistics.products, cold.statistics.products);
            assert_eq!(warm.reason, StopReason::Converged);
            for (a, b) in warm.largest.iter().zip(&cold.largest) {
                assert!((a.value - b.value).abs() < 2e-3 * 20.0, "{range:?}: {} {}", a.value, b.value);
            }
            if range == (0..10) {
                assert!(warm.statistics.products <= cold.statistics.products);
            }
        }
    }
}
