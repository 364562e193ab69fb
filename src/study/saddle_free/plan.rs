//! From options to trainings, problems and keys.

use super::options::{CellSpec, SaddleFreeOptions};
use crate::data::Split;
use crate::problem::ProblemSpec;
use crate::study::{StudyError, kept};
use crate::train::{TrainOptions, TrainReport, TrainSpec};
use hesse_core::graph::Mode;
use hesse_core::loss::Loss;
use std::path::PathBuf;

/// Refuses what cannot be carried out; what concerns a training is checked there.
pub(super) fn check(options: &SaddleFreeOptions) -> Result<(), StudyError> {
    let refuse =
        |what, expected: &str, found: String| Err(StudyError::Option { what, expected: expected.to_string(), found });
    if options.cells.is_empty() {
        return refuse("networks", "at least one", "none".to_string());
    }
    for (i, cell) in options.cells.iter().enumerate() {
        crate::problem::lookup::model(&cell.model)?;
        if options.cells.iter().take(i).any(|other| other == cell) {
            return refuse("networks", "each once", format!("{} twice", cell.name()));
        }
    }
    let counts = [
        ("samples checked at once", options.measure_batch),
        ("batch size in train mode", options.coupled_batch),
        ("samples in train mode", options.coupled_samples),
    ];
    if let Some((what, _)) = counts.into_iter().find(|c| c.1 == 0) {
        return refuse(what, "at least 1", "0".to_string());
    }
    if options.max_products < 4 || options.coupled_products < 4 {
        return refuse("products", "at least 4", options.max_products.min(options.coupled_products).to_string());
    }
    Ok(())
}

/// Letters, digits and hyphens of a name: for folders.
pub(super) fn slug(name: &str) -> String {
    let plain: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).collect();
    plain.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

/// Where the network of a cell lies; cells that differ in the mode alone share it.
pub(super) fn network_folder(options: &SaddleFreeOptions, cell: &CellSpec) -> PathBuf {
    options.out.join(format!("network-{}", slug(&cell.model)))
}

/// The name of a cell's folder.
pub(super) fn cell_id(cell: &CellSpec) -> String {
    format!("cell-{}", slug(&cell.name()))
}

/// Where the result of a cell lies.
pub(super) fn cell_folder(options: &SaddleFreeOptions, cell: &CellSpec) -> PathBuf {
    options.out.join(cell_id(cell))
}

/// The training of a cell's network.
pub(super) fn training(options: &SaddleFreeOptions, cell: &CellSpec) -> TrainSpec {
    TrainSpec {
        samples: options.samples,
        test_samples: options.test_samples,
        normalization: options.normalization.clone(),
        backend: options.backend.clone(),
        seed: options.seed,
        options: TrainOptions {
            epochs: options.epochs,
            target_loss: Some(options.target_loss),
            batch: options.batch,
            rate: options.rate,
            ..TrainOptions::default()
        },
        force: options.force,
        checkpoint_every: options.checkpoint_every,
        command: options.command.clone(),
        ..TrainSpec::new(cell.model.clone(), options.data.clone(), network_folder(options, cell))
    }
}

/// The trained network on the samples that are checked, in f64.
pub(super) fn problem(options: &SaddleFreeOptions, cell: &CellSpec) -> ProblemSpec {
    ProblemSpec {
        model: cell.model.clone(),
        weights: Some(network_folder(options, cell).join("model.safetensors")),
        data: options.data.clone(),
        split: Split::Test,
        samples: options.test_samples,
        perturbation: None,
        normalization: options.normalization.clone(),
        loss: Loss::default(),
        mode: Mode::Eval,
        backend: options.checking(),
        seed: options.seed,
        batch: options.measure_batch,
        memory: options.memory,
    }
}

/// A hash of everything that a cell's result depends on; the run and its epochs stand for weights and data.
pub(super) fn key(options: &SaddleFreeOptions, cell: &CellSpec, trained: &TrainReport) -> String {
    let o = options;
    let text = format!(
        "saddle-free 1 {} epochs {} mode {} samples {} seed {} batches {} {} {} products {} {} tolerances {} {} {} \
         landscape {} {} backend {} {}",
        trained.manifest.run_sha256,
        trained.epochs.len(),
        cell.mode,
        o.test_samples,
        o.seed,
        o.measure_batch,
        o.coupled_batch,
        o.coupled_samples,
        o.max_products,
        o.coupled_products,
        o.semi_definite,
        o.rank_threshold,
        o.range_tolerance,
        o.landscape_side,
        o.landscape_radius,
        o.backend.name,
        o.backend.device,
    );
    kept::key(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_preset_can_be_carried_out_and_two_modes_share_a_network() {
        let options = SaddleFreeOptions::quick("x");
        check(&options).unwrap();
        let (eval, train) = (&options.cells[2], &options.cells[5]);
        assert_eq!(network_folder(&options, eval), network_folder(&options, train));
        assert_ne!(cell_folder(&options, eval), cell_folder(&options, train));
        assert_eq!(slug("m1:activation=tanh,width=0.4"), "m1-activation-tanh-width-0.4");
    }

    #[test]
    fn senseless_options_are_refused() {
        let quick = || SaddleFreeOptions::quick("x");
        let said = |options: SaddleFreeOptions| check(&options).unwrap_err().to_string();
        assert!(said(SaddleFreeOptions { cells: vec![], ..quick() }).starts_with("networks: expected at least one"));
        let mut twice = quick();
        twice.cells.push(twice.cells[0].clone());
        assert!(said(twice).contains("twice"));
        assert!(said(SaddleFreeOptions { coupled_batch: 0, ..quick() }).contains("train mode"));
        assert!(said(SaddleFreeOptions { max_products: 2, ..quick() }).contains("at least 4"));
        let mut unknown = quick();
        unknown.cells[0].model = "m11".to_string();
        assert!(said(unknown).contains("did you mean `m1`"));
    }
}
