use super::precondition::{Diagonal, Nystrom, Preconditioner};
use super::*;
use crate::host::HostOperator;
use crate::operator::{Scaled, Shifted};
use crate::vectors::Precision;

/// Eigenvalues turned by a reflection, so that no unit vector is an eigenvector.
struct Planted {
    values: Vec<f64>,
    w: Vec<f64>,
}

impl Planted {
    fn new(values: Vec<f64>) -> Self {
        let w: Vec<f64> = (0..values.len()).map(|i| ((i * 7 % 11) as f64 + 1.0) / 8.0).collect();
        let size = w.iter().map(|w| w * w).sum::<f64>().sqrt();
        Planted { values, w: w.iter().map(|w| w / size).collect() }
    }
    fn reflect(&self, x: &[f64]) -> Vec<f64> {
        let along = 2.0 * self.w.iter().zip(x).map(|(w, x)| w * x).sum::<f64>();
        x.iter().zip(&self.w).map(|(x, w)| x - along * w).collect()
    }
    /// f(A) x.
    fn function(&self, x: &[f64], f: impl Fn(f64) -> f64) -> Vec<f64> {
        let y: Vec<f64> = self.reflect(x).iter().zip(&self.values).map(|(x, v)| x * f(*v)).collect();
        self.reflect(&y)
    }
    fn operator(self, precision: Precision) -> impl LinearOperator {
        HostOperator::new(self.values.len(), precision, move |x| self.function(x, |v| v))
    }
}

fn right_hand_side(n: usize) -> Vec<f64> {
    (0..n).map(|i| ((i * 13 % 17) as f64 - 7.0) / 5.0).collect()
}

fn column(space: &dyn VectorSpace, values: &[f64]) -> Block {
    let mut block = space.zeros(1).unwrap();
    space.write(&mut block, 0, values).unwrap();
    block
}

type Method = fn(
    &dyn LinearOperator,
    View<'_>,
    &SolveRequest,
    Option<&dyn Preconditioner>,
    &mut Observe<'_>,
) -> Result<Solution, SolveError>;

const METHODS: [(&str, Method); 2] = [("cg", conjugate_gradients), ("minres", minres)];

fn solve(method: Method, operator: &dyn LinearOperator, b: &[f64], tolerance: f64) -> Solution {
    let b = column(operator.space(), b);
    let request = SolveRequest { tolerance, max_products: 500 };
    method(operator, b.all(), &request, None, &mut |_, _| Control::Continue).unwrap()
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    let norm = |v: &mut dyn Iterator<Item = f64>| v.map(|v| v * v).sum::<f64>().sqrt();
    norm(&mut a.iter().zip(b).map(|(a, b)| a - b)) / norm(&mut b.iter().copied())
}

fn values(n: usize) -> Vec<f64> {
    (0..n).map(|i| 0.5 + (i % 37) as f64 * 0.25).collect()
}

#[test]
fn both_methods_end_after_as_many_steps_as_there_are_distinct_eigenvalues() {
    for (name, method) in METHODS {
        for distinct in [1, 2, 5, 9] {
            let spectrum: Vec<f64> = (0..60).map(|i| 1.0 + (i % distinct) as f64).collect();
            let b = right_hand_side(60);
            let exact = Planted::new(spectrum.clone()).function(&b, |v| 1.0 / v);
            let solution = solve(method, &Planted::new(spectrum).operator(Precision::F64), &b, 1e-10);
            assert_eq!(solution.reason, SolveReason::Converged, "{name}");
            assert_eq!(solution.iterations, distinct, "{name}: {:?}", solution.history);
            assert_eq!(solution.products, distinct + 1, "{name}");
            let found = solution.x.storage::<Vec<Vec<f64>>>().unwrap()[0].clone();
            assert!(distance(&found, &exact) < 1e-9, "{name}: {}", distance(&found, &exact));
        }
    }
}

#[test]
fn an_indefinite_system_is_solved_by_minres_and_refused_by_cg_with_a_direction_to_show() {
    let spectrum: Vec<f64> = (0..80).map(|i| if i % 5 == 0 { -0.2 } else { 1.0 } * (1.0 + (i % 13) as f64)).collect();
    let b = right_hand_side(80);
    let exact = Planted::new(spectrum.clone()).function(&b, |v| 1.0 / v);
    let operator = Planted::new(spectrum.clone()).operator(Precision::F64);
    let solution = solve(minres, &operator, &b, 1e-10);
    assert_eq!(solution.reason, SolveReason::Converged);
    let found = operator.space().read(&solution.x, 0).unwrap();
    assert!(distance(&found, &exact) < 1e-8);
    assert!(solution.history.windows(2).all(|w| w[1] <= w[0] * (1.0 + 1e-12)), "the residual never rises");

    let refused = solve(conjugate_gradients, &operator, &b, 1e-10);
    assert_eq!(refused.reason, SolveReason::NegativeCurvature);
    let negative = refused.negative.unwrap();
    let p = operator.space().read(&negative.direction, 0).unwrap();
    let curved = Planted::new(spectrum).function(&p, |v| v);
    let along: f64 = p.iter().zip(&curved).map(|(a, b)| a * b).sum();
    assert!(along < 0.0 && (along - negative.curvature).abs() < 1e-12, "{along} {}", negative.curvature);
    assert!((p.iter().map(|v| v * v).sum::<f64>() - 1.0).abs() < 1e-12);
}

#[test]
fn a_singular_consistent_system_is_solved_and_an_inconsistent_one_is_named() {
    let spectrum: Vec<f64> = (0..50).map(|i| if i % 4 == 0 { 0.0 } else { 1.0 + (i % 6) as f64 }).collect();
    let planted = || Planted::new(spectrum.clone());
    let raw = right_hand_side(50);
    let consistent = planted().function(&raw, |v| if v == 0.0 { 0.0 } else { 1.0 });
    let least = planted().function(&raw, |v| if v == 0.0 { 0.0 } else { 1.0 / v });
    for (name, method) in METHODS {
        let operator = planted().operator(Precision::F64);
        let solution = solve(method, &operator, &consistent, 1e-9);
        assert_eq!(solution.reason, SolveReason::Converged, "{name}");
        let found = operator.space().read(&solution.x, 0).unwrap();
        assert!(distance(&found, &least) < 1e-7, "{name}");
    }
    let operator = planted().operator(Precision::F64);
    let solution = solve(minres, &operator, &raw, 1e-9);
    assert_eq!(solution.reason, SolveReason::LeastSquares);
    let found = operator.space().read(&solution.x, 0).unwrap();
    let fitted = planted().function(&found, |v| v);
    assert!(distance(&fitted, &consistent) < 1e-7, "{}", distance(&fitted, &consistent));
    let missed: f64 = raw.iter().zip(&consistent).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
    let b: f64 = raw.iter().map(|v| v * v).sum::<f64>().sqrt();
    assert!((solution.residual - missed / b).abs() < 1e-9);
    let refused = solve(conjugate_gradients, &operator, &raw, 1e-9);
    assert_ne!(refused.reason, SolveReason::Converged);
    assert!(refused.residual > 1e-3);
}

#[test]
fn a_system_scaled_by_a_hundred_million_takes_the_same_steps() {
    for (name, method) in METHODS {
        for precision in [Precision::F32, Precision::F64] {
            let base = Planted::new(values(120)).operator(precision);
            let b = right_hand_side(120);
            let expected = solve(method, &base, &b, 1e-4);
            assert_eq!(expected.reason, SolveReason::Converged, "{name} {precision}");
            for (of_a, of_b) in [(1e-8, 1.0), (1e8, 1.0), (1.0, 1e-8), (1e8, 1e8), (1e-8, 1e8)] {
                let scaled = Scaled::new(&base, of_a);
                let b: Vec<f64> = b.iter().map(|v| v * of_b).collect();
                let solution = solve(method, &scaled, &b, 1e-4);
                let what = format!("{name} {precision} {of_a:e} {of_b:e}");
                assert_eq!(solution.reason, SolveReason::Converged, "{what}");
                assert!(solution.iterations.abs_diff(expected.iterations) <= 1, "{what}: {}", solution.iterations);
                let read = |s: &Solution| base.space().read(&s.x, 0).unwrap();
                let back: Vec<f64> = read(&solution).iter().map(|v| v * of_a / of_b).collect();
                assert!(distance(&back, &read(&expected)) < 1e-3, "{what}");
            }
        }
    }
}

#[test]
fn a_tolerance_below_rounding_is_answered_with_stagnation_and_a_true_residual() {
    for (name, method) in METHODS {
        let operator = Planted::new((0..90).map(|i| 1.0 + (i as f64).powi(2)).collect()).operator(Precision::F32);
        let solution = solve(method, &operator, &right_hand_side(90), 1e-13);
        assert_ne!(solution.reason, SolveReason::Converged, "{name}");
        assert!(solution.residual > 1e-13 && solution.residual < 1e-2, "{name}: {}", solution.residual);
    }
}

#[test]
fn corners_are_answered() {
    let operator = Planted::new(values(10)).operator(Precision::F64);
    for (name, method) in METHODS {
        let zero = solve(method, &operator, &[0.0; 10], 1e-6);
        assert_eq!((zero.reason, zero.products, zero.residual), (SolveReason::Converged, 0, 0.0), "{name}");
        let b = column(operator.space(), &right_hand_side(10));
        let request = SolveRequest { tolerance: 1e-12, max_products: 4 };
        let short = method(&operator, b.all(), &request, None, &mut |_, _| Control::Continue).unwrap();
        assert_eq!((short.reason, short.products), (SolveReason::ProductLimit, 4), "{name}");
        let stopped = method(&operator, b.all(), &request, None, &mut |_, _| Control::Stop).unwrap();
        assert_eq!((stopped.reason, stopped.iterations), (SolveReason::Interrupted, 1), "{name}");
        let wrong = SolveRequest { tolerance: 0.0, ..request };
        assert!(method(&operator, b.all(), &wrong, None, &mut |_, _| Control::Continue).is_err());
        let nan = HostOperator::new(10, Precision::F64, |x: &[f64]| vec![f64::NAN; x.len()]);
        let error = method(&nan, b.all(), &request, None, &mut |_, _| Control::Continue).unwrap_err();
        assert!(matches!(error, SolveError::NotFinite { product: 1 }), "{name}: {error}");
        let zero = HostOperator::new(10, Precision::F64, |x: &[f64]| vec![0.0; x.len()]);
        let flat = method(&zero, b.all(), &request, None, &mut |_, _| Control::Continue).unwrap();
        assert!(matches!(flat.reason, SolveReason::FlatDirection | SolveReason::LeastSquares), "{name}");
        assert_eq!(flat.residual, 1.0, "{name}");
    }
}

#[test]
fn preconditioners_save_steps_and_change_nothing_else() {
    // Outliers over a bulk, as a curvature matrix has them, damped.
    let spectrum: Vec<f64> =
        (0..200).map(|i| if i < 12 { 400.0 * 0.8f64.powi(i) } else { 0.3 / (i as f64 - 10.0) }).collect();
    let damping = 0.05;
    let b = right_hand_side(200);
    let exact = Planted::new(spectrum.clone()).function(&b, |v| 1.0 / (v + damping));
    let operator = Planted::new(spectrum.clone()).operator(Precision::F64);
    let damped = Shifted::new(&operator, damping);
    let nystrom = Nystrom::new(&operator, 20, damping, 5).unwrap();
    for (found, planted) in nystrom.eigenvalues().iter().zip(&spectrum).take(10) {
        assert!((found / planted - 1.0).abs() < 0.05, "{found} {planted}");
    }
    let right = column(operator.space(), &b);
    for (name, method) in METHODS {
        let request = SolveRequest { tolerance: 1e-8, max_products: 400 };
        let run = |with: Option<&dyn Preconditioner>| {
            let solution = method(&damped, right.all(), &request, with, &mut |_, _| Control::Continue).unwrap();
            assert_eq!(solution.reason, SolveReason::Converged, "{name}");
            let found = operator.space().read(&solution.x, 0).unwrap();
            assert!(distance(&found, &exact) < 1e-5, "{name}: {}", distance(&found, &exact));
            solution.iterations
        };
        let (plain, preconditioned) = (run(None), run(Some(&nystrom)));
        assert!(2 * preconditioned <= plain, "{name}: {preconditioned} against {plain}");
    }

    // A diagonal matrix is inverted by its diagonal in one step.
    let scales: Vec<f64> = (0..50).map(|i| 10f64.powi(i % 7)).collect();
    let operator = HostOperator::new(50, Precision::F64, {
        let scales = scales.clone();
        move |x: &[f64]| x.iter().zip(&scales).map(|(x, s)| x * s).collect()
    });
    let diagonal = Diagonal::new(&scales, 0.0, 1.0, Precision::F64).unwrap();
    let right = column(operator.space(), &right_hand_side(50));
    for (name, method) in METHODS {
        let request = SolveRequest { tolerance: 1e-9, max_products: 400 };
        let solution =
            method(&operator, right.all(), &request, Some(&diagonal), &mut |_, _| Control::Continue).unwrap();
        assert_eq!((solution.reason, solution.iterations), (SolveReason::Converged, 1), "{name}");
    }
    assert!(Diagonal::new(&[1.0, f64::NAN], 0.0, 1.0, Precision::F64).is_err());
    assert!(Nystrom::new(&operator, 51, 0.0, 0).is_err() && Nystrom::new(&operator, 0, 0.0, 0).is_err());
}

#[test]
fn a_nystrom_preconditioner_of_a_matrix_of_lower_rank_keeps_to_that_rank() {
    for (precision, scale) in [(Precision::F64, 1.0), (Precision::F32, 1e8), (Precision::F32, 1e-8)] {
        let spectrum: Vec<f64> = (0..60).map(|i| if i < 4 { scale * (4 - i) as f64 } else { 0.0 }).collect();
        let operator = Planted::new(spectrum).operator(precision);
        let nystrom = Nystrom::new(&operator, 10, scale * 1e-3, 1).unwrap();
        assert_eq!(nystrom.eigenvalues().len(), 4, "{:?}", nystrom.eigenvalues());
        assert!((nystrom.eigenvalues()[3] / scale - 1.0).abs() < 1e-3, "{:?}", nystrom.eigenvalues());
    }
    let zero = Planted::new(vec![0.0; 20]).operator(Precision::F64);
    assert!(Nystrom::new(&zero, 5, 1.0, 1).unwrap().eigenvalues().is_empty());
}
