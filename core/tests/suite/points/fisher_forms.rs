//! Fisher matrices over data sets whose batches do not divide, against outer products written out by hand.

use super::Open;
use super::closed_forms::{SAMPLES, dense_operator, network};
use crate::oracle::dense::Columns;
use crate::suite::compare::Verdict;
use hesse_core::backend::HostTensor;
use hesse_core::dense::symmetric_eigen;
use hesse_core::loss::Loss;
use hesse_core::operator::{Batch, Curvature};
use hesse_core::program::Problem;
use hesse_core::random::{Purpose, Stream};
use hesse_core::vectors::Precision;

const INPUTS: usize = 4;
const CLASSES: usize = 3;
const ROWS: usize = CLASSES * INPUTS;

fn normals(count: usize, seed: u64) -> Vec<f64> {
    let mut stream = Stream::new(seed, Purpose::Data, 0);
    (0..count).map(|_| stream.normal()).collect()
}

fn softmax(w: &[f64], x: &[f64]) -> Vec<f64> {
    let z: Vec<f64> = w.chunks(INPUTS).map(|w| w.iter().zip(x).map(|(w, x)| w * x).sum()).collect();
    let total: f64 = z.iter().map(|z: &f64| z.exp()).sum();
    z.iter().map(|z| z.exp() / total).collect()
}

/// Σ factor · u uᵀ with u = (p − e_c) ⊗ x.
fn add_outer(h: &mut Columns, factor: f64, p: &[f64], class: usize, x: &[f64]) {
    let residual = |c: usize| p[c] - if c == class { 1.0 } else { 0.0 };
    let u: Vec<f64> = (0..ROWS).map(|i| residual(i / INPUTS) * x[i % INPUTS]).collect();
    for (column, a) in h.iter_mut().zip(&u) {
        column.iter_mut().zip(&u).for_each(|(entry, b)| *entry += factor * a * b);
    }
}

pub fn fisher_matrices_of_a_softmax_regression_are_their_outer_products(open: Open<'_>) {
    let mut verdict = Verdict::default();
    let backend = open(Precision::F64);
    let (x, w) = (normals(SAMPLES * INPUTS, 6), normals(ROWS, 7));
    let graph = network(|g, x| g.linear_no_bias("fc", x, CLASSES));
    let class_weights = [0.25, 0.0, 3.0];
    for (weighted, ignored) in [(false, None), (true, None), (false, Some(255)), (true, Some(2))] {
        let labels: Vec<u32> = (0..SAMPLES as u32)
            .map(|i| if i % 4 == 3 { ignored.unwrap_or(0) } else { i * 7 % CLASSES as u32 })
            .collect();
        let weights = if weighted { class_weights } else { [1.0; CLASSES] };
        let own = |i: usize| if Some(labels[i]) == ignored { 0.0 } else { weights[labels[i] as usize] };
        let total: f64 = (0..SAMPLES).map(own).sum();
        let loss = Loss::CrossEntropy {
            label_smoothing: 0.0,
            class_weights: weighted.then(|| class_weights.to_vec()),
            ignored_label: ignored,
        };
        let problem = Problem::new(graph.clone(), &loss).unwrap();
        let data =
            (SAMPLES, Batch { samples: HostTensor::Real(x.clone()), labels: Some(labels.clone()), targets: None });
        let (mut empirical, mut exact) = (vec![vec![0.0; ROWS]; ROWS], vec![vec![0.0; ROWS]; ROWS]);
        for (i, x) in x.chunks(INPUTS).enumerate().filter(|(i, _)| own(*i) > 0.0) {
            let p = softmax(&w, x);
            add_outer(&mut empirical, own(i) / total, &p, labels[i] as usize, x);
            // The expectation over the network's own labels.
            (0..CLASSES).for_each(|c| add_outer(&mut exact, p[c] * own(i) / total, &p, c, x));
        }
        let name = |what: &str, batch: usize| format!("{what}, weighted {weighted}, ignored {ignored:?}, by {batch}");
        let whole =
            |matrix, batch| dense_operator(backend.as_ref(), &problem, matrix, &w, &data, batch, usize::MAX).concat();
        for batch in [1, 5, SAMPLES] {
            let found = whole(Curvature::EmpiricalFisher, batch);
            verdict.close(|| name("empirical", batch), &found, &empirical.concat(), 1e-12);
            for matrix in [Curvature::Hessian, Curvature::GaussNewton] {
                verdict.close(|| name("exact Fisher", batch), &whole(matrix, batch), &exact.concat(), 1e-12);
            }
        }
        let few = |batch| whole(Curvature::MonteCarloFisher { draws: 3, seed: 5 }, batch);
        let one = few(SAMPLES);
        for batch in [1, 5] {
            verdict.close(|| name("the same draws", batch), &few(batch), &one, 1e-12);
        }
        let many = whole(Curvature::MonteCarloFisher { draws: 400, seed: 5 }, 8);
        verdict.close(|| name("400 draws", 8), &many, &exact.concat(), 0.2);
        let distance = |a: &[f64]| a.iter().zip(exact.iter().flatten()).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
        verdict.holds(|| name("more draws are nearer", 8), 10.0 * distance(&many) < distance(&one));
    }
    verdict.pronounce("Fisher matrices", open(Precision::F64).info().name);
}

pub fn the_sum_of_eigenvalues_is_the_trace_and_no_fisher_matrix_has_a_negative_one(open: Open<'_>) {
    let mut verdict = Verdict::default();
    let backend = open(Precision::F64);
    let graph = network(|g, x| {
        let y = g.linear("below", x, 5)?;
        let y = g.tanh(y)?;
        g.linear("head", y, CLASSES)
    });
    let problem = Problem::new(graph, &Loss::default()).unwrap();
    let n = problem.graph().parameter_count();
    let weights = normals(n, 9);
    let labels = (0..SAMPLES as u32).map(|i| i % CLASSES as u32).collect();
    let samples = HostTensor::Real(normals(SAMPLES * INPUTS, 3));
    let data = (SAMPLES, Batch { samples, labels: Some(labels), targets: None });
    for matrix in [
        Curvature::Hessian,
        Curvature::GaussNewton,
        Curvature::EmpiricalFisher,
        Curvature::MonteCarloFisher { draws: 2, seed: 0 },
    ] {
        let dense = dense_operator(backend.as_ref(), &problem, matrix, &weights, &data, 8, 0);
        let trace: f64 = dense.iter().enumerate().map(|(i, column)| column[i]).sum();
        let (values, _) = symmetric_eigen(n, &dense.concat());
        verdict.close(|| format!("{matrix:?}: trace"), &[values.iter().sum::<f64>()], &[trace], 1e-10);
        let least = values[0] / values[n - 1];
        let definite = matrix != Curvature::Hessian;
        verdict.holds(|| format!("{matrix:?}: smallest {least:e}"), (least > -1e-12) == definite);
    }
    verdict.pronounce("trace and definiteness", open(Precision::F64).info().name);
}
