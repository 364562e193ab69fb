//! A ReLU network: the Hessian is positive semi-definite of rank C − 1, and H⁺g has a closed form.

use crate::toy::{CLASSES, PIXELS, Toy, toy};
use crate::{Samples, apart, length, propose, propose_for};
use hesse_core::attack::{AttackLoss, InputOracle, NetworkOracle, Norm, ThreatModel};
use hesse_core::input_hessian::{add_scaled, dot, flat_outputs, logit_forms, symmetric_eigen};
use hesse_core::vectors::Precision;
use hesse_second_order_attacks::{Conjugate, Indefinite, conjugate_gradients};
use std::convert::Infallible;

const N: usize = 12;

/// The dense Hessians of all samples, by products with unit vectors.
fn dense(oracle: &NetworkOracle<'_>, samples: &Samples) -> Vec<Vec<f64>> {
    let n = samples.labels.len();
    let mut all = vec![vec![0.0; PIXELS * PIXELS]; n];
    for k in 0..PIXELS {
        let unit: Vec<f64> = (0..n * PIXELS).map(|i| if i % PIXELS == k { 1.0 } else { 0.0 }).collect();
        let product = oracle.hessian_product(&samples.x, &samples.labels, AttackLoss::CrossEntropy, &unit).unwrap();
        for (matrix, row) in all.iter_mut().zip(product.chunks(PIXELS)) {
            matrix[k * PIXELS..(k + 1) * PIXELS].copy_from_slice(row);
        }
    }
    all
}

fn gradients(oracle: &NetworkOracle<'_>, samples: &Samples) -> Vec<f64> {
    oracle.loss_gradient(&samples.x, &samples.labels, AttackLoss::CrossEntropy).unwrap().gradient
}

fn problem(toy: &Toy) -> (NetworkOracle<'_>, Samples) {
    (toy.oracle(N), toy.samples(N))
}

/// H⁺g from the dense eigenvalues.
fn pseudo_inverse(matrix: &[f64], g: &[f64]) -> Vec<f64> {
    let eigen = symmetric_eigen(matrix, PIXELS);
    let mut d = vec![0.0; PIXELS];
    for i in 0..CLASSES - 1 {
        add_scaled(&mut d, dot(eigen.vector(i), g) / eigen.values[i], eigen.vector(i));
    }
    d
}

#[test]
fn the_dense_hessian_is_semi_definite_of_rank_nine_and_the_closed_form_is_its() {
    let toy = toy("relu", Precision::F64, 1.0);
    let (oracle, samples) = problem(&toy);
    let g = gradients(&oracle, &samples);
    let forms = logit_forms(&oracle, &samples.x, &samples.labels).unwrap();
    for ((matrix, g), form) in dense(&oracle, &samples).iter().zip(g.chunks(PIXELS)).zip(&forms) {
        let form = form.as_ref().unwrap();
        let values = symmetric_eigen(matrix, PIXELS).values;
        assert!(values[PIXELS - 1] > -1e-14 * values[0], "smallest {}", values[PIXELS - 1]);
        assert!(values[CLASSES - 1] < 1e-14 * values[0] && values[CLASSES - 2] > 1e-8 * values[0]);
        for (a, b) in form.eigenvalues().iter().zip(&values) {
            assert!((a - b).abs() < 1e-13 * values[0], "{a} and {b}");
        }
        assert!(apart(&form.gradient(), g) < 1e-12);
        let distance = apart(&form.newton_direction(), &pseudo_inverse(matrix, g));
        assert!(distance < 1e-10, "{distance}");
    }
}

#[test]
fn conjugate_gradients_end_after_as_many_steps_as_the_rank() {
    let toy = toy("relu", Precision::F64, 1.0);
    let (oracle, samples) = problem(&toy);
    let (g, matrices) = (gradients(&oracle, &samples), dense(&oracle, &samples));
    let options = Conjugate { tolerance: 1e-8, iterations: 64, damping: 0.0, indefinite: Indefinite::Stop };
    let mut product = |v: &[f64]| -> Result<Vec<f64>, Infallible> {
        Ok(oracle.hessian_product(&samples.x, &samples.labels, AttackLoss::CrossEntropy, v).unwrap())
    };
    let solved = conjugate_gradients(&mut product, &g, PIXELS, &options).unwrap();
    for ((solution, matrix), g) in solved.iter().zip(&matrices).zip(g.chunks(PIXELS)) {
        assert!(
            solution.iterations < CLASSES && solution.residual <= 1e-8,
            "{} {}",
            solution.iterations,
            solution.residual
        );
        assert!(apart(&solution.direction, &pseudo_inverse(matrix, g)) < 1e-5);
    }
    // And a smooth network needs more.
    let toy = crate::toy::toy("tanh", Precision::F64, 1.0);
    let (oracle, samples) = problem(&toy);
    let g = gradients(&oracle, &samples);
    let options = Conjugate { iterations: 20, indefinite: Indefinite::Continue, ..options };
    let mut product = |v: &[f64]| -> Result<Vec<f64>, Infallible> {
        Ok(oracle.hessian_product(&samples.x, &samples.labels, AttackLoss::CrossEntropy, v).unwrap())
    };
    let solved = conjugate_gradients(&mut product, &g, PIXELS, &options).unwrap();
    assert!(solved.iter().all(|s| s.residual > 1e-8 && s.iterations == 20));
}

#[test]
fn every_sample_is_told_whether_the_network_is_piecewise_linear_there() {
    for (activation, expected) in [("relu", true), ("tanh", false), ("softplus", false), ("gelu", false)] {
        for precision in [Precision::F32, Precision::F64] {
            let toy = toy(activation, precision, 1.0);
            let (oracle, samples) = problem(&toy);
            let flat = flat_outputs(&oracle, &samples.x, &samples.labels).unwrap();
            assert_eq!(flat, vec![expected; N], "{activation} {precision}");
        }
    }
}

#[test]
fn both_solvers_of_the_newton_step_agree_on_a_moderate_network() {
    let toy = toy("relu", Precision::F64, 1.0);
    let (oracle, samples) = problem(&toy);
    let step = |name: &str, norm| -> Vec<Vec<f64>> {
        let moved = propose(&oracle, &samples, name, norm, 0.05);
        moved
            .chunks(PIXELS)
            .zip(samples.x.chunks(PIXELS))
            .map(|(a, b)| a.iter().zip(b).map(|(a, b)| a - b).collect())
            .collect()
    };
    let closed = step("l2hess", Norm::L2);
    let iterated = step("l2hess:solver=cg,tolerance=1e-10", Norm::L2);
    for (a, b) in closed.iter().zip(&iterated) {
        assert!(apart(a, b) < 1e-4, "{}", apart(a, b));
    }
    let (closed, iterated) = (step("fhsm", Norm::Linf), step("fhsm:solver=cg,tolerance=1e-10", Norm::Linf));
    let same = closed.iter().flatten().zip(iterated.iter().flatten()).filter(|(a, b)| (*a - *b).abs() < 1e-9).count();
    assert!(same + 4 >= N * PIXELS, "{same} of {} signs", N * PIXELS);
}

#[test]
fn scaled_logits_do_not_turn_the_newton_step_and_leave_no_attack_without_a_step() {
    let plain = toy("relu", Precision::F64, 1.0);
    let (a, samples) = problem(&plain);
    // Away from the walls, so that what is compared are whole steps.
    let samples = Samples::new(samples.x.iter().map(|x| 0.25 + 0.5 * x).collect(), samples.labels);
    let labels = a.logits(&samples.x).unwrap();
    let labels = labels.chunks(CLASSES).map(|z| hesse_core::attack::losses::prediction(z).unwrap()).collect();
    let samples = Samples { labels, ..samples };
    for factor in [1000.0, 30_000.0] {
        let hot = toy("relu", Precision::F64, factor);
        let b = hot.oracle(N);
        for name in ["l2hess", "saddle-free"] {
            let (x, y) = (propose(&a, &samples, name, Norm::L2, 0.1), propose(&b, &samples, name, Norm::L2, 0.1));
            let worst = x.iter().zip(&y).fold(0.0, |m: f64, (a, b)| m.max((a - b).abs()));
            assert!(worst < 1e-9, "{name} × {factor}: {worst}");
        }
        for name in ["trust-region", "top-eigenvector", "saddle-free"] {
            for norm in [Norm::L2, Norm::Linf] {
                let moved = propose(&b, &samples, name, norm, 0.1);
                for (x, y) in moved.chunks(PIXELS).zip(samples.x.chunks(PIXELS)) {
                    let step: Vec<f64> = x.iter().zip(y).map(|(a, b)| a - b).collect();
                    assert!(length(&step) > 0.05, "{name} {norm} × {factor}: {}", length(&step));
                }
            }
        }
    }
}

#[test]
fn a_trust_region_step_is_the_maximum_of_the_dense_model() {
    let toy = toy("relu", Precision::F64, 1.0);
    let (oracle, samples) = problem(&toy);
    let (g, matrices) = (gradients(&oracle, &samples), dense(&oracle, &samples));
    let threat = ThreatModel { norm: Norm::L2, lower: -1e3, upper: 1e3 };
    let epsilon = 0.4;
    let request = hesse_core::attack::AttackRequest { threat, ..samples.request(Norm::L2, epsilon) };
    let moved = propose_for(&oracle, &request, "trust-region:steps=1");
    for (i, (y, x)) in moved.chunks(PIXELS).zip(samples.x.chunks(PIXELS)).enumerate() {
        let step: Vec<f64> = y.iter().zip(x).map(|(y, x)| y - x).collect();
        let (g, h) = (&g[i * PIXELS..(i + 1) * PIXELS], &matrices[i]);
        let product: Vec<f64> = h.chunks(PIXELS).map(|row| dot(row, &step)).collect();
        let mu = (dot(&step, &product) + dot(&step, g)) / dot(&step, &step);
        let residual: Vec<f64> = (0..PIXELS).map(|k| product[k] - mu * step[k] + g[k]).collect();
        let top = symmetric_eigen(h, PIXELS).values[0];
        assert!(length(&residual) < 1e-9 * (length(g) + top) && mu > top * (1.0 - 1e-9));
        assert!((length(&step) / epsilon - 1.0).abs() < 1e-9);
    }
}
