//! Cross-entropy of a nearly certain network: p_y = 1 − 1e-9, where 1 − p_y is lost in f32 unless it is never formed.
//!
//! The output is W·x with W and x whole numbers of eighths, so that it is exact in f32 and only the loss is tried.

use super::Open;
use crate::oracle::setting::Setting;
use crate::oracle::value::Value;
use crate::suite::compare::Verdict;
use crate::suite::subject::Subject;
use hesse_core::graph::{GraphBuilder, Mode};
use hesse_core::loss::Loss;
use hesse_core::program::{Problem, Wrt};
use hesse_core::vectors::Precision;

const CLASSES: usize = 3;
const INPUTS: usize = 2;

/// Σ_j≠i p_j (u_i − u_j) for every i, with the p_j accurate even where p_i rounds to one.
fn covariance(p: &[f64], u: &[f64]) -> Vec<f64> {
    (0..p.len()).map(|i| p[i] * (0..p.len()).map(|j| p[j] * (u[i] - u[j])).sum::<f64>()).collect()
}

fn transposed(w: &[f64], z: &[f64]) -> Vec<f64> {
    (0..INPUTS).map(|i| (0..CLASSES).map(|c| w[c * INPUTS + i] * z[c]).sum()).collect()
}

pub fn saturated_cross_entropy_keeps_five_digits_in_single_precision(open: Open<'_>) {
    const TOLERANCE: f64 = 1e-5;
    let backend = open(Precision::F32);
    let mut verdict = Verdict::default();
    let mut g = GraphBuilder::new(Mode::Eval);
    let x = g.samples(&[INPUTS]).unwrap();
    let z = g.linear_no_bias("fc", x, CLASSES).unwrap();
    let graph = g.finish(z).unwrap();
    for (label, smoothing) in [(0u32, 0.0), (1, 0.0)] {
        let loss = Loss::CrossEntropy { label_smoothing: smoothing, class_weights: None, ignored_label: None };
        let problem = Problem::new(graph.clone(), &loss).unwrap();
        let mut s = Setting::new(graph.clone(), &loss, 1);
        // Outputs 20.75, 0, −1.5: the first class has p = 1 − 1.2e-9.
        let (w, x) = (vec![8.0, 4.375, 1.0, -1.0, 0.5, -2.0], vec![1.5, 2.0]);
        let z: Vec<f64> = w.chunks(INPUTS).map(|r| r[0] * x[0] + r[1] * x[1]).collect();
        assert_eq!(z[0] - z[1], 21.25);
        s.parameters = w.clone();
        s.samples = Value::real(vec![1, INPUTS], x.clone());
        s.labels = Some(Value::index(vec![1], vec![label]));

        // Everything relative to the dominant class, so that nothing cancels.
        let e: Vec<f64> = z.iter().map(|v| (v - z[0]).exp()).collect();
        let rest = e[1] + e[2];
        let p: Vec<f64> = e.iter().map(|v| v / (1.0 + rest)).collect();
        let y = label as usize;
        let expected_loss = rest.ln_1p() + z[0] - z[y];
        let others: f64 = (0..CLASSES).filter(|&j| j != y).map(|j| p[j]).sum();
        let r: Vec<f64> = (0..CLASSES).map(|c| if c == y { -others } else { p[c] }).collect();

        let subject = Subject::new(backend.as_ref(), &s).unwrap();
        let (outcome, _) = subject.run(&problem.loss().unwrap()).unwrap();
        let name = format!("label {label}");
        verdict.close(|| format!("{name}: loss"), &[outcome.loss], &[expected_loss], TOLERANCE);
        let mut each = |what: &str, found: &[f64], expected: &[f64]| {
            // Entry by entry: a small entry must not hide behind a large one.
            for (i, (f, e)) in found.iter().zip(expected).enumerate() {
                verdict.close(|| format!("{name}: {what}, entry {i}: {f:e}, expected {e:e}"), &[*f], &[*e], TOLERANCE);
            }
        };
        let wrt = problem.all_parameters();
        let (_, gradient) = subject.run(&problem.gradient(&wrt).unwrap()).unwrap();
        let by_weight = |z: &[f64]| z.iter().flat_map(|z| x.iter().map(move |x| z * x)).collect::<Vec<_>>();
        each("gradient", &gradient, &by_weight(&r));
        let (_, gradient) = subject.run(&problem.gradient(&Wrt::Samples).unwrap()).unwrap();
        each("input gradient", &gradient, &transposed(&w, &r));

        let v = vec![1.0, 0.5, -0.25, 2.0, 0.75, -1.0];
        let moved: Vec<f64> = v.chunks(INPUTS).map(|r| r[0] * x[0] + r[1] * x[1]).collect();
        let expected = by_weight(&covariance(&p, &moved));
        let product = subject.product(&problem.hessian(&wrt).unwrap(), std::slice::from_ref(&v)).unwrap();
        each("H·v", &product[0], &expected);
        let product = subject.product(&problem.gauss_newton(&wrt).unwrap(), std::slice::from_ref(&v)).unwrap();
        each("G·v", &product[0], &expected);
        let u = vec![0.5, -0.25];
        let moved: Vec<f64> = w.chunks(INPUTS).map(|r| r[0] * u[0] + r[1] * u[1]).collect();
        let product = subject.product(&problem.hessian(&Wrt::Samples).unwrap(), &[u]).unwrap();
        each("input H·v", &product[0], &transposed(&w, &covariance(&p, &moved)));
    }
    verdict.pronounce("saturated cross-entropy", backend.info().name);
}
