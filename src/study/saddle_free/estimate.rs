//! What the study is about to do, and about how long it takes.

use super::options::SaddleFreeOptions;
use super::plan;
use crate::data::Split;
use crate::problem::ProblemSpec;
use crate::study::StudyError;
use crate::study::planned::{Load, PlannedCell, StudyPlan, Timer, count};
use hesse_core::graph::Mode;

/// A product in forward passes, each in f64 and so about twice as dear.
const PRODUCT: f64 = 12.0;

/// The plan of a study. Cost: reading the data, and timing each network on a few samples.
///
/// # Errors
/// Where an option makes no sense or data, network and machine do not fit each other.
pub fn saddle_free_plan(options: &SaddleFreeOptions) -> Result<StudyPlan, StudyError> {
    plan::check(options)?;
    let train = count(&options.data, options.samples, Split::Train)?;
    let test = count(&options.data, options.test_samples, Split::Test)?;
    let (mut cells, mut memory) = (Vec::new(), 0);
    for cell in &options.cells {
        let problem = ProblemSpec { backend: options.backend.clone(), ..plan::problem(options, cell) };
        let timer = Timer::new(problem, test)?;
        let pass = timer.pass()?;
        let load = Load {
            batch: options.batch.min(train),
            attacked: false,
            measured_batch: options.measure_batch.min(test),
            measured: 0,
            columns: 0,
            budget: options.memory,
            pixels: train + test,
        };
        // Beside the training in its own precision the checks keep vectors of all pixels in f64.
        memory = memory.max(timer.memory(load)?[0]);
        let trained = plan::network_folder(options, cell).join("train.json").exists();
        let done = plan::cell_folder(options, cell).join(super::cell::CELL).exists();
        let training = options.epochs as f64 * (3.0 * train as f64 + test as f64) * pass;
        let products = match cell.mode {
            Mode::Eval => test * options.max_products,
            Mode::Train => options.coupled_samples.min(test) * options.coupled_products,
        };
        let seconds = if trained { 0.0 } else { training } + products as f64 * PRODUCT * pass;
        cells.push(PlannedCell { name: cell.name(), seconds: if done { 0.0 } else { seconds }, at_most: true, done });
    }
    Ok(StudyPlan { memory, kept: 0, cells, notes: Vec::new() })
}
