//! Sums over batches: what is kept and what is computed again does not show in the result.

use super::Open;
use super::closed_forms::{SAMPLES, dense_operator, network};
use crate::suite::compare::Verdict;
use hesse_core::backend::HostTensor;
use hesse_core::graph::Graph;
use hesse_core::loss::Loss;
use hesse_core::operator::{Batch, Curvature, DatasetOperator, LinearOperator, OperatorError, Weights};
use hesse_core::program::Problem;
use hesse_core::vectors::Precision;

fn perceptron() -> Graph {
    network(|g, x| {
        let y = g.linear("below", x, 5)?;
        let y = g.tanh(y)?;
        g.linear("head", y, 3)
    })
}

fn data(label: impl Fn(u32) -> u32) -> (usize, Batch) {
    let samples = (0..SAMPLES * 4).map(|i| (i * 37 % 101) as f64 / 50.0 - 1.0).collect();
    let labels = (0..SAMPLES as u32).map(label).collect();
    (SAMPLES, Batch { samples: HostTensor::Real(samples), labels: Some(labels), targets: None })
}

pub fn kept_and_recomputed_batches_give_the_same_bits(open: Open<'_>) {
    let mut verdict = Verdict::default();
    let problem = Problem::new(perceptron(), &Loss::default()).unwrap();
    let weights: Vec<f64> =
        (0..problem.graph().parameter_count()).map(|i| ((i * 29 % 17) as f64 - 8.0) / 8.0).collect();
    for precision in [Precision::F32, Precision::F64] {
        let backend = open(precision);
        let data = data(|i| i % 3);
        let with = |batch: usize, budget: usize| {
            dense_operator(backend.as_ref(), &problem, Curvature::Hessian, &weights, &data, batch, budget).concat()
        };
        for batch in [4, 7] {
            let all = with(batch, usize::MAX);
            for budget in [0, 1, 700, 2_000, 10_000] {
                let what = || format!("{precision}, batches of {batch}, budget {budget}");
                verdict.holds(what, with(batch, budget) == all);
            }
            // Another batch size only rounds differently.
            let tolerance = if precision == Precision::F64 { 1e-13 } else { 1e-5 };
            verdict.close(|| format!("{precision}: one batch"), &all, &with(SAMPLES, 0), tolerance);
        }
    }
    verdict.pronounce("memory budget", open(Precision::F64).info().name);
}

pub fn a_data_set_without_weight_is_an_error(open: Open<'_>) {
    let mut verdict = Verdict::default();
    let backend = open(Precision::F32);
    let loss = Loss::CrossEntropy { label_smoothing: 0.0, class_weights: None, ignored_label: Some(7) };
    let problem = Problem::new(perceptron(), &loss).unwrap();
    let (parameters, buffers) = Weights::initial(problem.graph(), 1);
    let weights = Weights::upload(backend.as_ref(), problem.graph(), &parameters, &buffers).unwrap();
    let wrt = problem.all_parameters();
    let apply = |data: &(usize, Batch)| -> Result<(), OperatorError> {
        let (b, c) = (backend.as_ref(), Curvature::Hessian);
        let h = DatasetOperator::new(b, &problem, c, &wrt, &weights, data, 4, 0)?;
        let (x, mut y) = (h.space().zeros(1)?, h.space().zeros(1)?);
        h.apply(x.all(), y.all_mut())
    };
    let ignored = apply(&data(|_| 7));
    verdict.holds(|| format!("every label ignored: {ignored:?}"), matches!(ignored, Err(OperatorError::NoWeight(_))));
    let partly = apply(&data(|i| if i < 8 { 7 } else { 0 }));
    verdict.holds(|| format!("the first two batches ignored: {partly:?}"), partly.is_ok());
    let (_, batch) = data(|_| 0);
    let empty = apply(&(0, batch));
    verdict.holds(|| format!("no samples: {empty:?}"), matches!(empty, Err(OperatorError::Data(_))));
    verdict.pronounce("weight of a data set", backend.info().name);
}
