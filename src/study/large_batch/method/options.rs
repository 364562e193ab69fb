//! Presets of the comparison, and what it needs of options.

use super::super::LargeBatchOptions;
use super::super::plan;
use crate::data::{DataKind, DataSpec};
use crate::study::StudyError;
use crate::train::{Adversary, Robust};
use hesse_core::attack::Norm;
use std::path::PathBuf;

impl LargeBatchOptions {
    /// The quick comparison on generated glyphs: a batch of 64 beside a quarter, half and all of the samples.
    pub fn method_quick(out: impl Into<PathBuf>) -> Self {
        LargeBatchOptions {
            batches: vec![64, 500, 2000],
            warmup: Some(5.0),
            seeds: 1,
            epochs: 40,
            epsilons: vec![0.02],
            top: 1,
            curvature_samples: Some(500),
            inputs: false,
            line_points: 0,
            plane_points: 0,
            track_every: 0,
            ..LargeBatchOptions::quick(out)
        }
    }

    /// The paper's network (its Table 3: C1 on CIFAR-10, batches of the order of 10⁴; M1 on grey pictures) with a rate, epochs
    /// and a warm-up of ours, which it does not give: 0.01, 100 and 5. Many hours on two cores.
    pub fn method_paper(data: DataSpec, out: impl Into<PathBuf>) -> Self {
        let grey = matches!(data.kind, DataKind::Glyphs(_) | DataKind::Mnist);
        let (model, epsilon) = if grey { ("m1", 0.1) } else { ("c1", 0.02) };
        LargeBatchOptions {
            model: model.to_string(),
            data,
            batches: vec![128, 4096, 8192, 16384],
            micro_batch: Some(1024),
            seeds: 3,
            epochs: 100,
            rate: 0.01,
            target_loss: 0.001,
            epsilons: vec![epsilon],
            robust: Some(Robust::Adversarial(Adversary::new("fgsm", Norm::Linf, epsilon))),
            curvature_samples: None,
            tolerance: 1e-3,
            ..LargeBatchOptions::method_quick(out)
        }
    }
}

/// Refuses what is no comparison, and what cannot be carried out.
pub(super) fn check(options: &LargeBatchOptions) -> Result<(), StudyError> {
    let refuse = |what, expected: &str, found: &str| {
        Err(StudyError::Option { what, expected: expected.to_string(), found: found.to_string() })
    };
    if options.batches.len() < 2 {
        return refuse("batch sizes", "a small one and at least one large one", &options.batches.len().to_string());
    }
    if options.warmup.is_none() {
        return refuse("warm-up", "a number of epochs", "none");
    }
    if options.robust.is_none() {
        return refuse("robust training", "an attack", "none");
    }
    plan::check(options)
}
