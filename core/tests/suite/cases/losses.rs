//! Every loss with every option.

use crate::suite::case::Case;
use hesse_core::error::GraphError;
use hesse_core::graph::{GraphBuilder, ValueId};
use hesse_core::loss::Loss;

fn perceptron(g: &mut GraphBuilder) -> Result<ValueId, GraphError> {
    let x = g.samples(&[3])?;
    let y = g.linear("below", x, 3)?;
    let y = g.tanh(y)?;
    g.linear("head", y, 3)
}

fn per_token(g: &mut GraphBuilder) -> Result<ValueId, GraphError> {
    let x = g.samples(&[2, 3])?;
    let y = g.linear("below", x, 3)?;
    let y = g.tanh(y)?;
    g.linear("head", y, 3)
}

fn cross_entropy(label_smoothing: f64, weighted: bool, ignored_label: Option<u32>) -> Loss {
    Loss::CrossEntropy { label_smoothing, class_weights: weighted.then(|| vec![0.5, 2.0, 1.25]), ignored_label }
}

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("cross-entropy", perceptron),
        Case::new("cross-entropy, smoothed", perceptron).loss(cross_entropy(0.1, false, None)),
        Case::new("cross-entropy, weighted", perceptron).loss(cross_entropy(0.0, true, None)),
        Case::new("cross-entropy, label 255 ignored", perceptron).loss(cross_entropy(0.0, false, Some(255))),
        Case::new("cross-entropy, label 1 ignored", perceptron).loss(cross_entropy(0.0, false, Some(1))),
        Case::new("cross-entropy, weighted and ignored", perceptron).loss(cross_entropy(0.0, true, Some(255))),
        Case::new("cross-entropy, smoothed, weighted and ignored", perceptron).loss(cross_entropy(
            0.2,
            true,
            Some(u32::MAX),
        )),
        Case::new("cross-entropy, smoothed and label 0 ignored", perceptron).loss(cross_entropy(0.3, false, Some(0))),
        Case::new("cross-entropy per token", per_token).loss(cross_entropy(0.1, true, Some(255))),
        Case::new("squared error", perceptron).loss(Loss::SquaredError),
        Case::new("squared error of matrices", per_token).loss(Loss::SquaredError),
        Case::new("squared error to a one-hot vector", perceptron).loss(Loss::SquaredErrorOneHot),
    ]
}
