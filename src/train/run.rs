//! A run from its specification to its report.

use super::folder::{self, REPORT};
use super::identity::Identity;
use super::prepare::Prepared;
use super::trainer::Trainer;
use super::{TrainError, TrainReport, TrainSpec, Watch};
use crate::report::write_json;

/// Trains a network, or goes on with what is in the folder; see the [module](super).
///
/// Cost: 3 forward passes for each training sample and epoch, and one for each test sample and epoch; memory for three
/// times the parameters besides the gradient's own.
///
/// # Errors
/// Where the specification does not fit together or the folder belongs to another run (nothing is written then), where
/// the loss is no longer finite, where the disk refuses, and where it was interrupted (a checkpoint is written then).
pub fn run(spec: &TrainSpec, watch: &mut Watch<'_>) -> Result<TrainReport, TrainError> {
    let prepared = Prepared::new(spec)?;
    let identity = Identity::of(spec, &prepared, &prepared.backend.info());
    let (checkpoint, notice) = folder::open(spec, prepared.training.graph(), &identity)?;
    let trainer = Trainer::new(spec, &prepared, identity.clone(), checkpoint)?;
    let progress = trainer.run(watch)?;
    let report = TrainReport::new(spec, &prepared, &identity, progress, notice);
    write_json(&spec.out.join(REPORT), &report)?;
    Ok(report)
}
