//! What the study is about to do, and about how long it takes.

use super::{RobustOptions, StudyAttack, choose_attacks, plan};
use crate::data::Split;
use crate::study::StudyError;
use crate::study::planned::{Load, PlannedCell, StudyPlan, Timer, basis, count};

/// Products that a spectrum usually takes, self-test included.
const PRODUCTS: f64 = 25.0;

/// The plan of a study. Cost: reading the data, and timing on a few samples.
///
/// # Errors
/// Where an option makes no sense or data, network and machine do not fit each other.
pub fn robust_plan(options: &RobustOptions) -> Result<StudyPlan, StudyError> {
    plan::check(options)?;
    let (attacks, missing) = choose_attacks(options)?;
    let (train, test) = (
        count(&options.data, options.samples, Split::Train)?,
        count(&options.data, options.test_samples, Split::Test)?,
    );
    let timer = Timer::new(plan::on_test(options, plan::ORIGINAL), test)?;
    let pass = timer.pass()?;
    let most = options.spectrum_samples.iter().map(|n| if *n == 0 { train } else { train.min(*n) }).max();
    let [memory, kept] = timer.memory(Load {
        batch: options.batch.min(train),
        attacked: true,
        measured_batch: options.evaluation_batch,
        measured: most.unwrap_or(0),
        columns: basis(options.top + 1),
        budget: options.memory,
        pixels: train + (1 + attacks.len()) * test,
    })?;
    // Each attack, in its form for sets and in that for training.
    let timed = |a: &StudyAttack| -> Result<[f64; 2], StudyError> {
        Ok([timer.attack(a.attack, a.norm, a.epsilon)?, timer.attack(a.training, a.norm, a.epsilon)?])
    };
    let costs: Vec<[f64; 2]> = attacks.iter().map(timed).collect::<Result<_, _>>()?;
    let (train, test) = (train as f64, test as f64);

    let epoch = |attack: f64| train * (3.0 * pass + attack) + test * pass;
    let mut cells = Vec::new();
    let mut cell = |name: String, file: std::path::PathBuf, cost: f64| {
        let done = file.exists();
        cells.push(PlannedCell { name, seconds: if done { 0.0 } else { cost }, at_most: false, done });
    };
    let out = &options.out;
    cell("plain training".into(), out.join("original/train.json"), options.epochs as f64 * epoch(0.0));
    for (attack, cost) in attacks.iter().zip(&costs) {
        cell(format!("set of {}", attack.title), super::sets::file(options, attack), test * cost[0]);
    }
    let sets = attacks.len() as f64;
    let white_box: f64 = costs.iter().map(|c| test * (c[0] + 4.0 * pass)).sum();
    let hessians = |samples: &usize| if *samples == 0 { train } else { train.min(*samples as f64) };
    let spectra: f64 = options.spectrum_samples.iter().map(|n| PRODUCTS * 6.0 * pass * hessians(n)).sum();
    let measured = (sets + 1.0) * test * pass + white_box + spectra;
    let last = |name: &str| {
        let asked = options.spectrum_samples.last().map_or(0, |n| *n);
        let asked = if asked == 0 { "all".to_string() } else { asked.to_string() };
        out.join("parts").join(format!("{name}.spectrum-{asked}.json"))
    };
    cell("matrices and spectra of the original".into(), last(plan::ORIGINAL), measured);
    let epochs = options.tune_epochs as f64;
    let control = plan::Network::Control.name();
    cell("training on without an attack".into(), out.join(&control).join("train.json"), epochs * epoch(0.0));
    cell("  its matrices and spectra".into(), last(&control), measured);
    for (attack, cost) in attacks.iter().zip(&costs) {
        let name = plan::Network::Against(attack).name();
        cell(format!("training against {}", attack.title), out.join(&name).join("train.json"), epochs * epoch(cost[1]));
        let line = 2.0 * options.line_points as f64 * test * pass;
        let file = out.join("parts").join(format!("{name}.line.json"));
        cell("  its matrices, spectra and line".to_string(), file, measured + line);
    }
    let left_out = format!("left out, because no plugin here brings them: {}", missing.join(", "));
    Ok(StudyPlan { memory, kept, cells, notes: if missing.is_empty() { Vec::new() } else { vec![left_out] } })
}
