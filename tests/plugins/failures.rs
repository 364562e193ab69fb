//! What goes wrong inside a library, or in the program while a library is calling it.

use crate::built::library;
use hesse_core::attack::{AttackLoss, AttackRequest, Goal, InputOracle, LossGradient, Norm, OracleError, ThreatModel};
use hesse_core::eigen::{Control, EigenRequest, EigenResult, SolverError, StopReason};
use hesse_core::host::HostOperator;
use hesse_core::model::Task;
use hesse_core::operator::{LinearOperator, OperatorError};
use hesse_core::vectors::{Precision, VectorSpace, View, ViewMut};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Zero logits and gradients for samples of six entries and three classes.
pub struct Constant;

impl InputOracle for Constant {
    fn shape(&self) -> &[usize] {
        &[6]
    }
    fn classes(&self) -> usize {
        3
    }
    fn logits(&self, samples: &[f64]) -> Result<Vec<f64>, OracleError> {
        Ok(vec![0.0; samples.len() / 2])
    }
    fn loss_gradient(&self, x: &[f64], labels: &[u32], _: AttackLoss) -> Result<LossGradient, OracleError> {
        Ok(LossGradient { losses: vec![3f64.ln(); labels.len()], gradient: vec![0.0; x.len()] })
    }
    fn hessian_product(&self, x: &[f64], _: &[u32], _: AttackLoss, _: &[f64]) -> Result<Vec<f64>, OracleError> {
        Ok(vec![0.0; x.len()])
    }
    fn jacobian_product(&self, x: &[f64], _: &[f64]) -> Result<Vec<f64>, OracleError> {
        Ok(vec![0.0; x.len() / 2])
    }
    fn transposed_jacobian_product(&self, x: &[f64], _: &[f64]) -> Result<Vec<f64>, OracleError> {
        Ok(vec![0.0; x.len()])
    }
}

/// diag(1, …, n).
fn ramp(n: usize) -> impl LinearOperator {
    HostOperator::new(n, Precision::F64, |x: &[f64]| x.iter().enumerate().map(|(i, v)| (i + 1) as f64 * v).collect())
}

fn request(largest: usize) -> EigenRequest {
    EigenRequest { largest, smallest: 0, tolerance: 1e-6, max_products: 100, seed: 0 }
}

pub fn solve(name: &str, operator: &dyn LinearOperator, largest: usize) -> Result<EigenResult, SolverError> {
    let entry = *library("misbehaving").solvers.iter().find(|e| e.name == name).unwrap();
    let solver = (entry.make)(&Default::default()).unwrap();
    solver.solve(operator, &request(largest), &mut |_| Control::Continue)
}

#[test]
fn a_panic_of_any_payload_is_an_error_with_its_message() {
    let a = ramp(5);
    let message = |name| solve(name, &a, 1).unwrap_err().to_string();
    assert_eq!(message("panics-with-text"), "panicked: text");
    assert_eq!(message("panics-with-format"), "panicked: text 5");
    assert_eq!(message("panics-with-number"), "panicked: a payload that is no text");
    assert!(message("fails").ends_with("on purpose"));
    let models = &library("misbehaving").models;
    let error = (models[0].make)(&Default::default(), &Task { input: vec![3], classes: 2 }).err().unwrap();
    assert_eq!(error.to_string(), "panicked: while recording");
    let attack = (library("misbehaving").attacks[0].make)(&Default::default()).unwrap();
    let request = AttackRequest {
        samples: &[0.5; 6],
        labels: &[1],
        goal: Goal::Untargeted,
        threat: ThreatModel { norm: Norm::Linf, lower: 0.0, upper: 1.0 },
        epsilon: 0.1,
        indices: &[0],
        seed: 0,
    };
    let error = attack.run(&Constant, &request, &mut |_| Control::Continue).unwrap_err();
    assert_eq!(error.to_string(), "panicked: while attacking");
}

#[test]
fn a_panic_while_an_object_is_dropped_stays_inside() {
    assert!(solve("panics-in-drop", &ramp(5), 1).is_ok());
}

#[test]
fn wrong_eigenpairs_are_refuted_by_recomputed_residuals() {
    let found = solve("wrong-pairs", &ramp(8), 2).unwrap();
    assert_eq!(found.reason, StopReason::Refuted);
    assert!(found.largest.iter().all(|p| !p.converged && p.residual > 0.1), "{:?}", found.largest);
    assert!(found.remarks[0].contains("2 of 2 eigenpairs are not what the solver claims"), "{:?}", found.remarks);
}

#[test]
fn a_vector_returned_twice_counts_once() {
    let found = solve("repeats-a-vector", &ramp(8), 2).unwrap();
    assert_eq!(found.reason, StopReason::Refuted);
    assert!(found.largest[0].converged && !found.largest[1].converged);
    assert!(found.remarks[0].contains("not orthogonal"), "{:?}", found.remarks);
}

#[test]
fn too_many_too_few_and_impossible_pairs_are_noticed() {
    let message = |name| solve(name, &ramp(8), 2).unwrap_err().to_string();
    assert!(message("returns-too-many").contains("asked for 2 and 0 pairs and returned 9 and 0"));
    assert!(message("returns-nan").contains("not finite"));
    assert!(message("returns-zero-vectors").contains("not finite, or its vector is zero"));
    let found = solve("returns-nothing", &ramp(8), 2).unwrap();
    assert_eq!((found.reason, found.largest.len()), (StopReason::Refuted, 0));
    assert!(found.remarks[0].contains("2 of 2 wanted pairs were not returned"));
}

#[test]
fn no_request_of_a_library_is_too_large_to_be_answered() {
    let error = solve("asks-for-too-much", &ramp(8), 1).unwrap_err().to_string();
    assert!(error.contains("at most 2^40 entries"), "{error}");
}

#[test]
fn no_dimension_is_refused_before_the_library_is_asked() {
    assert!(matches!(solve("wrong-pairs", &ramp(0), 1), Err(SolverError::Request { .. })));
}

struct Failing {
    inner: Box<dyn LinearOperator>,
    panics: bool,
}

impl LinearOperator for Failing {
    fn space(&self) -> &dyn VectorSpace {
        self.inner.space()
    }
    fn apply(&self, _: View<'_>, _: ViewMut<'_>) -> Result<(), OperatorError> {
        if self.panics {
            panic!("in the program");
        }
        Err(OperatorError::NoWeight(-1.5))
    }
}

#[test]
fn failures_and_panics_of_the_programs_own_operator_come_back() {
    let solver = (library("lanczos").solvers[0].make)(&Default::default()).unwrap();
    let run = |panics| {
        let a = Failing { inner: Box::new(ramp(20)), panics };
        solver.solve(&a, &request(1), &mut |_| Control::Continue)
    };
    assert!(matches!(run(false), Err(SolverError::Operator(OperatorError::NoWeight(w))) if w == -1.5));
    let error = run(true).unwrap_err().to_string();
    assert!(error.contains("in the program"), "{error}");
}

#[test]
fn a_panic_of_the_observer_goes_on_in_the_program() {
    let solver = (library("lanczos").solvers[0].make)(&Default::default()).unwrap();
    let a = ramp(30);
    let caught = catch_unwind(AssertUnwindSafe(|| solver.solve(&a, &request(2), &mut |_| panic!("seen enough"))));
    let payload = caught.err().unwrap();
    assert_eq!(payload.downcast_ref::<&str>(), Some(&"seen enough"));
}
