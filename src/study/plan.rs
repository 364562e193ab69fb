//! From options to cells: what is trained, and what is measured there.

use super::{LargeBatchOptions, RateRule, StudyError};
use crate::data::{SampleRange, Split};
use crate::problem::ProblemSpec;
use crate::spectrum::SpectrumOptions;
use crate::train::{TrainOptions, TrainReport, TrainSpec};
use hesse_core::graph::Mode;
use hesse_core::loss::Loss;
use std::path::PathBuf;

/// The name of a cell's result.
pub(super) const CELL: &str = "cell.json";
/// The name of a cell's network.
pub(super) const MODEL: &str = "model.safetensors";

/// Refuses what cannot be carried out; what concerns a single training is checked there.
pub(super) fn check(options: &LargeBatchOptions) -> Result<(), StudyError> {
    let refuse =
        |what, expected: &str, found: String| Err(StudyError::Option { what, expected: expected.to_string(), found });
    let batches = &options.batches;
    let rising = batches.windows(2).all(|pair| pair[0] < pair[1]);
    if batches.is_empty() || batches.contains(&0) || !rising {
        let found = batches.iter().map(usize::to_string).collect::<Vec<_>>().join(",");
        return refuse("batch sizes", "rising whole numbers of at least 1", format!("`{found}`"));
    }
    if options.top == 0 {
        return refuse("number of eigenvalues", "at least 1", "0".to_string());
    }
    if options.curvature_samples == Some(0) {
        return refuse("samples for curvature", "at least 1", "0".to_string());
    }
    if options.curvature_batch == 0 {
        return refuse("batch size for curvature", "at least 1", "0".to_string());
    }
    Ok(())
}

/// The folder of a cell.
pub(super) fn folder(options: &LargeBatchOptions, batch: usize) -> PathBuf {
    options.out.join(format!("cell-{batch}"))
}

/// The training of a cell.
pub(super) fn training(options: &LargeBatchOptions, batch: usize) -> TrainSpec {
    let smallest = options.batches.first().copied().unwrap_or(batch);
    let rate = match options.rate_rule {
        RateRule::Constant => options.rate,
        RateRule::Linear => options.rate * batch as f64 / smallest as f64,
    };
    TrainSpec {
        samples: options.samples,
        test_samples: options.test_samples,
        normalization: options.normalization.clone(),
        backend: options.backend.clone(),
        seed: options.seed,
        options: TrainOptions {
            epochs: options.epochs,
            target_loss: Some(options.target_loss),
            batch,
            micro_batch: options.micro_batch,
            rate,
            momentum: options.momentum,
            weight_decay: options.weight_decay,
            ..TrainOptions::default()
        },
        force: options.force,
        checkpoint_every: options.checkpoint_every,
        command: options.command.clone(),
        ..TrainSpec::new(options.model.clone(), options.data.clone(), folder(options, batch))
    }
}

/// The problem whose curvature is measured on a split, at the weights of a training.
pub(super) fn problem(
    options: &LargeBatchOptions,
    batch: usize,
    trained: &TrainReport,
    split: Split,
) -> Result<ProblemSpec, StudyError> {
    let [start, end] = if split == Split::Train { trained.data.range } else { trained.test_data.range };
    let end = options.curvature_samples.map_or(end, |most| end.min(start.saturating_add(most)));
    let samples = SampleRange::new(start, Some(end)).map_err(crate::problem::ProblemError::from)?;
    Ok(ProblemSpec {
        model: options.model.clone(),
        weights: Some(folder(options, batch).join(MODEL)),
        data: options.data.clone(),
        split,
        samples,
        perturbation: None,
        normalization: options.normalization.clone(),
        loss: Loss::default(),
        mode: Mode::Eval,
        backend: options.backend.clone(),
        seed: options.seed,
        batch: options.curvature_batch,
        memory: options.memory,
    })
}

/// What is wanted of each Hessian.
pub(super) fn spectrum(options: &LargeBatchOptions) -> SpectrumOptions {
    SpectrumOptions {
        largest: options.top,
        smallest: 0,
        tolerance: options.tolerance,
        max_products: options.max_products,
        solver: options.solver.clone(),
        ..SpectrumOptions::default()
    }
}

/// A hash of everything that the curvature on a split depends on. The run and the number of its epochs stand for the
/// weights and the data.
pub(super) fn key(problem: &ProblemSpec, wanted: &SpectrumOptions, trained: &TrainReport) -> String {
    let text = format!(
        "{} epochs {} {} {} seed {} batch {} top {} tolerance {} products {} solver {} backend {} {} {}",
        trained.manifest.run_sha256,
        trained.epochs.len(),
        problem.split,
        problem.samples,
        problem.seed,
        problem.batch,
        wanted.largest,
        wanted.tolerance,
        wanted.max_products,
        wanted.solver,
        problem.backend.name,
        problem.backend.device,
        problem.backend.precision,
    );
    super::kept::key(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_follows_the_batch_only_where_it_is_told_to() {
        let constant = LargeBatchOptions { batches: vec![32, 128], rate: 0.01, ..LargeBatchOptions::quick("x") };
        let linear = LargeBatchOptions { rate_rule: RateRule::Linear, ..constant.clone() };
        let rates = |options: &LargeBatchOptions| [32, 128].map(|batch| training(options, batch).options.rate);
        assert_eq!((rates(&constant), rates(&linear)), ([0.01, 0.01], [0.01, 0.04]));
    }

    #[test]
    fn both_presets_can_be_carried_out() {
        check(&LargeBatchOptions::quick("x")).unwrap();
        let paper = LargeBatchOptions::paper("mnist".parse().unwrap(), "x");
        check(&paper).unwrap();
        assert_eq!((paper.target_loss, paper.batches.last()), (0.001, Some(&2048)));
    }

    #[test]
    fn senseless_options_are_refused_with_their_value() {
        let quick = || LargeBatchOptions::quick("x");
        let said = |options: LargeBatchOptions| check(&options).unwrap_err().to_string();
        let error = said(LargeBatchOptions { batches: vec![64, 32], ..quick() });
        assert_eq!(error, "batch sizes: expected rising whole numbers of at least 1, found `64,32`");
        assert!(said(LargeBatchOptions { batches: vec![], ..quick() }).ends_with("found ``"));
        assert!(said(LargeBatchOptions { top: 0, ..quick() }).starts_with("number of eigenvalues"));
        assert!(said(LargeBatchOptions { curvature_samples: Some(0), ..quick() }).starts_with("samples for curvature"));
    }
}
