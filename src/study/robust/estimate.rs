//! What the study is about to do and about how long it takes, before it does it.
//!
//! A gradient and every attack are timed once on a few samples of the untrained network; the rest is counting passes.
//! What an earlier call left counts as done where its file is there; whether its key still fits is found out later, so
//! the estimate may be too low after a change of options, never too high by more than the clock's noise.

use super::{RobustOptions, StudyAttack, choose_attacks, plan};
use crate::attack::FixedSet;
use crate::data::{SampleRange, Split};
use crate::problem::{ProblemError, ProblemSpec, Session};
use crate::report::seconds;
use crate::study::StudyError;
use hesse_core::operator::Evaluator;
use std::fmt;
use std::time::Instant;

/// Samples that are timed.
const TIMED: usize = 32;
/// Products that a spectrum usually takes, self-test included.
const PRODUCTS: f64 = 25.0;

/// One thing to do.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedCell {
    /// What.
    pub name: String,
    /// About how many seconds; 0 where it is done.
    pub seconds: f64,
    /// Whether its file is there.
    pub done: bool,
}

/// Everything to do.
#[derive(Debug, Clone, PartialEq)]
pub struct RobustPlan {
    /// In order.
    pub cells: Vec<PlannedCell>,
    /// Attacks that no plugin here brings.
    pub missing: Vec<&'static str>,
}

impl RobustPlan {
    /// Seconds of what is not done.
    pub fn seconds(&self) -> f64 {
        self.cells.iter().map(|cell| cell.seconds).sum()
    }
}

impl fmt::Display for RobustPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for cell in &self.cells {
            let time = if cell.done { "there already".to_string() } else { format!("about {}", seconds(cell.seconds)) };
            writeln!(f, "  {}: {time}", cell.name)?;
        }
        if !self.missing.is_empty() {
            writeln!(f, "  left out, because no plugin here brings them: {}", self.missing.join(", "))?;
        }
        write!(f, "about {} in all", seconds(self.seconds()))
    }
}

/// Seconds for one sample.
struct Costs {
    /// One forward pass.
    pass: f64,
    /// Each attack, in its form for sets and in that for training.
    attacks: Vec<[f64; 2]>,
}

/// The plan of a study. Cost: reading the data, and timing on a few samples.
///
/// # Errors
/// Where an option makes no sense or data, network and machine do not fit each other.
pub fn robust_plan(options: &RobustOptions) -> Result<RobustPlan, StudyError> {
    plan::check(options)?;
    let (attacks, missing) = choose_attacks(options)?;
    let count = |split, range: SampleRange| -> Result<usize, StudyError> {
        let whole = options.data.load(split).map_err(ProblemError::from)?;
        Ok(range.within(whole.len(), split).map_err(ProblemError::from)?.len())
    };
    let (train, test) = (count(Split::Train, options.samples)?, count(Split::Test, options.test_samples)?);
    let costs = timed(options, &attacks, test)?;
    let (train, test) = (train as f64, test as f64);

    let epoch = |attack: f64| train * (3.0 * costs.pass + attack) + test * costs.pass;
    let mut cells = Vec::new();
    let mut cell = |name: String, file: std::path::PathBuf, cost: f64| {
        let done = file.exists();
        cells.push(PlannedCell { name, seconds: if done { 0.0 } else { cost }, done });
    };
    let out = &options.out;
    cell("plain training".into(), out.join("original/train.json"), options.epochs as f64 * epoch(0.0));
    for (attack, cost) in attacks.iter().zip(&costs.attacks) {
        cell(format!("set of {}", attack.title), super::sets::file(options, attack), test * cost[0]);
    }
    let sets = attacks.len() as f64;
    let white_box: f64 = costs.attacks.iter().map(|c| test * (c[0] + 4.0 * costs.pass)).sum();
    let hessians = |samples: &usize| if *samples == 0 { train } else { train.min(*samples as f64) };
    let spectra: f64 = options.spectrum_samples.iter().map(|n| PRODUCTS * 6.0 * costs.pass * hessians(n)).sum();
    let measured = (sets + 1.0) * test * costs.pass + white_box + spectra;
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
    for (attack, cost) in attacks.iter().zip(&costs.attacks) {
        let name = plan::Network::Against(attack).name();
        cell(format!("training against {}", attack.title), out.join(&name).join("train.json"), epochs * epoch(cost[1]));
        let line = 2.0 * options.line_points as f64 * test * costs.pass;
        let file = out.join("parts").join(format!("{name}.line.json"));
        cell("  its matrices, spectra and line".to_string(), file, measured + line);
    }
    Ok(RobustPlan { cells, missing })
}

fn timed(options: &RobustOptions, attacks: &[StudyAttack], available: usize) -> Result<Costs, StudyError> {
    let n = TIMED.min(available);
    let spec = plan::on_test(options, plan::ORIGINAL);
    let samples = SampleRange::new(0, Some(n)).map_err(ProblemError::from)?;
    let session = Session::open(ProblemSpec { weights: None, samples, batch: n, ..spec })?;
    let wrt = session.problem().all_parameters();
    let mut evaluator = Evaluator::new(session.backend(), session.problem(), Some(&wrt), n)?;
    let mut gradient = 0.0;
    // The first round compiles.
    for _ in 0..2 {
        let start = Instant::now();
        evaluator.run(session.weights(), session.source(), &mut |_| {})?;
        gradient = start.elapsed().as_secs_f64();
    }
    let each = |seconds: f64| seconds / n.max(1) as f64;
    let mut costs = Vec::with_capacity(attacks.len());
    for attack in attacks {
        let mut both = [0.0; 2];
        for (text, cost) in [attack.attack, attack.training].into_iter().zip(&mut both) {
            let start = Instant::now();
            FixedSet::craft(&session, text, attack.norm, attack.epsilon, &mut |_| true)
                .map_err(|cause| StudyError::Attack { cell: attack.title.to_string(), cause })?;
            *cost = each(start.elapsed().as_secs_f64());
        }
        costs.push(both);
    }
    Ok(Costs { pass: each(gradient) / 3.0, attacks: costs })
}
