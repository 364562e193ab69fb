//! From options to cells: what is trained, and what is measured there.

use super::{LargeBatchOptions, RateRule, Variant};
use crate::data::{SampleRange, Split};
use crate::problem::{ProblemError, ProblemSpec};
use crate::spectrum::SpectrumOptions;
use crate::study::StudyError;
use crate::study::planned::count;
use crate::train::{Every, Quantity, TrackOptions, TrainOptions, TrainReport, TrainSpec};
use hesse_core::graph::Mode;
use hesse_core::loss::Loss;
use std::path::PathBuf;

const MODEL: &str = "model.safetensors";

/// One training of the study.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CellSpec {
    /// The batch size.
    pub batch: usize,
    /// Plain or robust.
    pub variant: Variant,
    /// The seed.
    pub seed: u64,
    /// Whether it is the first seed, which alone gets what is expensive.
    pub first: bool,
}

impl CellSpec {
    /// The name of its folder.
    pub fn id(self) -> String {
        format!("cell-{}-{}-{}", self.batch, self.variant, self.seed)
    }

    /// What it is called in progress and errors.
    pub fn name(self, options: &LargeBatchOptions) -> String {
        let variant = if self.variant == Variant::Plain { String::new() } else { format!(", {}", self.variant) };
        let seed = if options.seeds > 1 { format!(", seed {}", self.seed) } else { String::new() };
        format!("batch size {}{variant}{seed}", self.batch)
    }

    /// Its folder.
    pub fn folder(self, options: &LargeBatchOptions) -> PathBuf {
        options.out.join(self.id())
    }
}

/// All cells: a whole sweep of one seed after the other, so that an interrupted study has whole sweeps. A scaled rate is that
/// of the plain training at the smallest batch.
pub(super) fn cells(options: &LargeBatchOptions) -> Vec<CellSpec> {
    let scaled = options.warmup.map(|_| Variant::Scaled);
    let robust = options.robust.as_ref().map(|_| Variant::Robust);
    let variants: Vec<Variant> = std::iter::once(Variant::Plain).chain(scaled).chain(robust).collect();
    let mut all = Vec::new();
    for i in 0..options.seeds {
        for &variant in &variants {
            let seed = options.seed.wrapping_add(i as u64);
            let batches = options.batches.iter().skip(usize::from(variant == Variant::Scaled));
            all.extend(batches.map(|&batch| CellSpec { batch, variant, seed, first: i == 0 }));
        }
    }
    all
}

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
    if options.seeds == 0 {
        return refuse("number of seeds", "at least 1", "0".to_string());
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
    if options.track_every > 0 && options.track_samples == 0 {
        return refuse("samples to follow while training", "at least 1", "0".to_string());
    }
    let budgets = options.epsilons.iter().all(|e| *e > 0.0 && e.is_finite());
    if !budgets || !options.epsilons.windows(2).all(|pair| pair[0] < pair[1]) {
        let found = options.epsilons.iter().map(f64::to_string).collect::<Vec<_>>().join(",");
        return refuse("ε of the attacks", "rising numbers above 0", format!("`{found}`"));
    }
    if [options.line_points, options.plane_points].contains(&1) {
        return refuse("points of a landscape", "0 for none, or at least 2", "1".to_string());
    }
    Ok(())
}

/// The training of a cell.
pub(super) fn training(options: &LargeBatchOptions, cell: CellSpec) -> TrainSpec {
    let smallest = options.batches.first().copied().unwrap_or(cell.batch);
    let robust = if cell.variant == Variant::Robust { options.robust.clone() } else { None };
    let (rule, warmup) = match (cell.variant, options.warmup) {
        (Variant::Scaled, Some(warmup)) => (RateRule::Linear, warmup),
        _ => (options.rate_rule, 0.0),
    };
    TrainSpec {
        samples: options.samples,
        test_samples: options.test_samples,
        normalization: options.normalization.clone(),
        backend: options.backend.clone(),
        seed: cell.seed,
        options: TrainOptions {
            epochs: options.epochs,
            target_loss: Some(options.target_loss),
            // Robust and plain networks are compared at the same loss on the same samples.
            target_on_clean: robust.is_some(),
            batch: cell.batch,
            micro_batch: options.micro_batch,
            rate: rule.rate(options.rate, cell.batch, smallest),
            warmup,
            momentum: options.momentum,
            weight_decay: options.weight_decay,
            robust,
            ..TrainOptions::default()
        },
        track: (cell.first && options.track_every > 0).then(|| TrackOptions {
            quantities: vec![Quantity::Loss, Quantity::GradientNorm, Quantity::Lambda1],
            every: Every::Epochs(track_every(options, cell.batch)),
            samples: SampleRange::new(0, Some(options.track_samples)).ok(),
        }),
        force: options.force,
        checkpoint_every: options.checkpoint_every,
        command: options.command.clone(),
        ..TrainSpec::new(options.model.clone(), options.data.clone(), cell.folder(options))
    }
}

/// After how many epochs of a batch size λ₁ is measured again: small batches take fewer epochs.
pub(super) fn track_every(options: &LargeBatchOptions, batch: usize) -> usize {
    let largest = options.batches.last().copied().unwrap_or(batch).max(1);
    (options.track_every * batch).div_ceil(largest).max(1)
}

/// The options with no more samples to follow than there are. Cost: reading the data.
pub(super) fn within_the_data(options: &LargeBatchOptions) -> Result<LargeBatchOptions, StudyError> {
    let samples = count(&options.data, options.samples, Split::Train)?;
    Ok(LargeBatchOptions { track_samples: options.track_samples.min(samples), ..options.clone() })
}

/// The problem that is measured on a split, at the weights of a training.
pub(super) fn problem(
    options: &LargeBatchOptions,
    cell: CellSpec,
    trained: &TrainReport,
    split: Split,
) -> Result<ProblemSpec, StudyError> {
    let [start, end] = if split == Split::Train { trained.data.range } else { trained.test_data.range };
    let end = options.curvature_samples.map_or(end, |most| end.min(start.saturating_add(most)));
    let samples = SampleRange::new(start, Some(end)).map_err(ProblemError::from)?;
    let weights = Some(cell.folder(options).join(MODEL));
    Ok(ProblemSpec { weights, split, samples, seed: cell.seed, ..untrained(options) })
}

/// The untrained network on all training samples.
pub(super) fn untrained(options: &LargeBatchOptions) -> ProblemSpec {
    ProblemSpec {
        model: options.model.clone(),
        weights: None,
        data: options.data.clone(),
        split: Split::Train,
        samples: SampleRange::default(),
        perturbation: None,
        normalization: options.normalization.clone(),
        loss: Loss::default(),
        mode: Mode::Eval,
        backend: options.backend.clone(),
        seed: options.seed,
        batch: options.curvature_batch,
        memory: options.memory,
    }
}

/// What is wanted of the Hessian on a split.
pub(super) fn spectrum(options: &LargeBatchOptions, split: Split) -> SpectrumOptions {
    SpectrumOptions {
        largest: if split == Split::Train { options.top } else { 1 },
        smallest: 0,
        tolerance: options.tolerance,
        max_products: options.max_products,
        solver: options.solver.clone(),
        ..SpectrumOptions::default()
    }
}

/// What every measurement on a split depends on, in words. The run and the number of its epochs stand for the weights and
/// the data.
pub(super) fn basis(problem: &ProblemSpec, trained: &TrainReport) -> String {
    format!(
        "run {} epochs {} {} {} seed {} batch {} backend {} {} {}",
        trained.manifest.run_sha256,
        trained.epochs.len(),
        problem.split,
        problem.samples,
        problem.seed,
        problem.batch,
        problem.backend.name,
        problem.backend.device,
        problem.backend.precision,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(options: &LargeBatchOptions) -> Vec<f64> {
        cells(options).into_iter().map(|cell| training(options, cell).options.rate).collect()
    }

    #[test]
    fn the_rate_follows_the_batch_only_where_it_is_told_to() {
        let quick = LargeBatchOptions::quick("x");
        let constant = LargeBatchOptions { batches: vec![32, 128], rate: 0.01, seeds: 1, robust: None, ..quick };
        let with = |rate_rule| rates(&LargeBatchOptions { rate_rule, ..constant.clone() });
        assert_eq!((rates(&constant), with(RateRule::Linear)), (vec![0.01, 0.01], vec![0.01, 0.04]));
        assert_eq!(with(RateRule::SquareRoot), [0.01, 0.02]);
        for rule in [RateRule::Constant, RateRule::Linear, RateRule::SquareRoot] {
            assert_eq!(rule.to_string().parse(), Ok(rule));
        }
    }

    #[test]
    fn every_batch_size_is_trained_with_every_seed_plainly_and_robustly() {
        let options = LargeBatchOptions { batches: vec![8, 64], seeds: 3, seed: 7, ..LargeBatchOptions::quick("x") };
        let all = cells(&options);
        assert_eq!((all.len(), all[0].seed, all[11].seed), (2 * 3 * 2, 7, 9));
        let folders: std::collections::BTreeSet<PathBuf> = all.iter().map(|c| c.folder(&options)).collect();
        assert_eq!(folders.len(), all.len());
        let (plain, robust) = (training(&options, all[0]), training(&options, all[2]));
        assert!(plain.options.robust.is_none() && robust.options.robust.is_some() && robust.options.target_on_clean);
        assert!(plain.track.is_some() && training(&options, all[4]).track.is_none());
        let options = LargeBatchOptions { batches: vec![8, 32, 100], track_every: 10, ..options };
        assert_eq!([8, 32, 100].map(|b| track_every(&options, b)), [1, 4, 10]);
    }

    #[test]
    fn both_presets_can_be_carried_out() {
        check(&LargeBatchOptions::quick("x")).unwrap();
        let paper = LargeBatchOptions::paper("mnist".parse().unwrap(), "x");
        check(&paper).unwrap();
        assert_eq!((paper.target_loss, paper.batches.first(), paper.batches.last()), (0.001, Some(&64), Some(&2048)));
        let colour = LargeBatchOptions::paper("cifar10".parse().unwrap(), "x");
        assert_eq!((colour.model.as_str(), colour.batches.len(), colour.epsilons), ("c1", 8, vec![0.01, 0.02]));
        let hundred = LargeBatchOptions::paper("cifar100".parse().unwrap(), "x");
        assert_eq!((hundred.model.as_str(), hundred.batches), ("resnet18", vec![64, 128, 256, 512]));
    }

    #[test]
    fn senseless_options_are_refused_with_their_value() {
        let quick = || LargeBatchOptions::quick("x");
        let said = |options: LargeBatchOptions| check(&options).unwrap_err().to_string();
        let error = said(LargeBatchOptions { batches: vec![64, 32], ..quick() });
        assert_eq!(error, "batch sizes: expected rising whole numbers of at least 1, found `64,32`");
        assert!(said(LargeBatchOptions { batches: vec![], ..quick() }).ends_with("found ``"));
        assert!(said(LargeBatchOptions { top: 0, ..quick() }).starts_with("number of eigenvalues"));
        assert!(said(LargeBatchOptions { seeds: 0, ..quick() }).starts_with("number of seeds"));
        assert!(said(LargeBatchOptions { curvature_samples: Some(0), ..quick() }).starts_with("samples for curvature"));
        assert!(said(LargeBatchOptions { epsilons: vec![0.2, 0.1], ..quick() }).ends_with("found `0.2,0.1`"));
        assert!(said(LargeBatchOptions { plane_points: 1, ..quick() }).starts_with("points of a landscape"));
    }
}
