//! What the study is about to do, and how long it takes at most: nobody knows beforehand after how many epochs a training
//! reaches its loss.

use super::attacked::ATTACKS;
use super::cell::Variant;
use super::{LargeBatchOptions, plan};
use crate::data::Split;
use crate::report::seconds;
use crate::study::StudyError;
use crate::study::planned::{Load, PlannedCell, StudyPlan, Timer, basis, count};
use crate::train::{Inner, Robust};
use hesse_core::attack::Norm;

/// Products of a spectrum: usually some for each eigenvalue, besides those of the self-test.
const PRODUCTS: f64 = 20.0;
const PER_EIGENVALUE: f64 = 2.0;
/// A product in forward passes, and a gradient.
const PRODUCT: f64 = 6.0;
const GRADIENT: f64 = 3.0;

/// The plan of a study. Cost: reading the data, and timing on a few samples.
///
/// # Errors
/// Where an option makes no sense or data, network and machine do not fit each other.
pub fn large_batch_plan(options: &LargeBatchOptions) -> Result<StudyPlan, StudyError> {
    plan::check(options)?;
    let train = count(&options.data, options.samples, Split::Train)?;
    let test = count(&options.data, options.test_samples, Split::Test)?;
    let timer = Timer::new(plan::untrained(options), train)?;
    let pass = timer.pass()?;
    let largest = options.batches.last().copied().unwrap_or(1).min(train);
    let [memory, kept] = timer.memory(Load {
        batch: options.micro_batch.map_or(largest, |n| n.min(largest)),
        attacked: options.robust.is_some(),
        measured_batch: options.curvature_batch,
        measured: options.curvature_samples.map_or(train, |n| n.min(train)),
        columns: basis(options.top),
        budget: options.memory,
        pixels: train + test,
    })?;
    // Beyond the gradient itself: making the examples, and looking at the clean loss.
    let defence = match &options.robust {
        None => 0.0,
        Some(Robust::Cure { .. }) => (PRODUCT + 1.0) * pass,
        Some(robust) => match robust.adversary().map(|a| (&a.inner, a.norm, a.epsilon)) {
            Some((Inner::Named(attack), norm, epsilon)) => timer.attack(attack, norm, epsilon)? + pass,
            Some((Inner::Divergence { steps, .. }, ..)) => GRADIENT * pass * *steps as f64 + pass,
            _ => (GRADIENT + 1.0) * pass,
        },
    };
    let attacks: f64 = match options.epsilons.as_slice() {
        [] => 0.0,
        all => {
            let each = |(_, attack): (&str, &str)| {
                all.iter().map(|e| timer.attack(attack, Norm::Linf, *e)).sum::<Result<f64, _>>()
            };
            ATTACKS.into_iter().map(each).sum::<Result<f64, _>>()?
        }
    };
    let measured = |available: usize| options.curvature_samples.map_or(available, |n| n.min(available)) as f64;
    let (on_train, on_test) = (measured(train), measured(test));
    let (train, test) = (train as f64, test as f64);
    let products = PRODUCTS + PER_EIGENVALUE * options.top as f64;
    let curvature = (products * on_train + PRODUCTS * on_test) * PRODUCT * pass;
    let inputs = if options.inputs { 4.0 * GRADIENT * pass * (on_train + on_test) } else { 0.0 };
    let line = pass * options.line_points as f64 * (on_train + on_test);
    let plane = pass * (options.plane_points.pow(2)) as f64 * on_train;
    let ends = [options.batches.first(), options.batches.last()];
    let mut cells = Vec::new();
    for cell in plan::cells(options) {
        let robust = if cell.variant == Variant::Robust { defence } else { 0.0 };
        let epoch = train * (GRADIENT * pass + robust) + test * pass;
        let tracked = match (cell.first, options.track_every) {
            (false, _) | (_, 0) => 0.0,
            (true, _) => {
                let every = plan::track_every(options, cell.batch) as f64;
                PRODUCT * PRODUCTS * pass * options.track_samples as f64 / every
            }
        };
        let landscape = line + if ends.contains(&Some(&cell.batch)) { plane } else { 0.0 };
        let first = if cell.first { landscape } else { 0.0 };
        let rest = curvature + inputs + attacks * (on_train + on_test) + first;
        let done = cell.folder(options).join("curvature-test.json").exists();
        let cost = options.epochs as f64 * (epoch + tracked) + rest;
        cells.push(PlannedCell {
            name: format!(
                "{} ({} an epoch, {} of measuring)",
                cell.name(options),
                seconds(epoch + tracked),
                seconds(rest)
            ),
            seconds: if done { 0.0 } else { cost },
            at_most: true,
            done,
        });
    }
    let notes = vec![format!(
        "trainings end at a loss of {}, often long before {} epochs",
        options.target_loss, options.epochs
    )];
    Ok(StudyPlan { memory, kept, cells, notes })
}
