//! Every attack on every batch.

use super::flags::{flags, indicators};
use super::rounds::{self, Known};
use super::{Evaluation, EvaluationError, TargetRule};
use crate::problem::{ProblemError, Session, lookup};
use hesse_core::Attack;
use hesse_core::attack::driver::{DriverEvent, SampleBatch};
use hesse_core::attack::{AttackError, Driver, Goal, InputOracle, NetworkOracle, Norm, ThreatModel};
use hesse_core::eigen::Control;
use hesse_core::graph::Mode;
use hesse_core::operator::batches;
use std::time::Instant;

/// What is wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct AttackOptions {
    /// `name:key=value,…`, one for each attack.
    pub attacks: Vec<String>,
    /// Budgets.
    pub epsilons: Vec<f64>,
    /// How perturbations are measured, in pixels from 0 to 1.
    pub norm: Norm,
    /// Which class to reach; nothing where any other will do.
    pub targets: Option<TargetRule>,
    /// Whether to ask for the indicators of attack failure that cost queries of their own.
    pub indicators: bool,
    /// Whether to keep the attacked samples themselves.
    pub keep: bool,
}

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// An attack works on a batch.
    Attack {
        /// As given.
        attack: &'a str,
        /// The budget.
        epsilon: f64,
        /// Steps done.
        step: usize,
        /// Samples on which everything is done.
        done: usize,
        /// Of so many.
        total: usize,
    },
}

/// Someone who looks on, and may end it.
pub struct Watch<'a> {
    /// Is told what is being done.
    pub observe: &'a mut dyn FnMut(Event<'_>),
    /// Is asked, at every step, whether to stop.
    pub stop: &'a (dyn Fn() -> bool + Send + Sync),
}

impl AttackOptions {
    /// The attacks, made.
    ///
    /// # Errors
    /// Where no attack has a name, or the options are not its own.
    pub fn make(&self) -> Result<Vec<Box<dyn Attack>>, ProblemError> {
        let make = |text: &String| {
            let (entry, options) = lookup::attack(text)?;
            Ok((entry.make)(&options)?)
        };
        self.attacks.iter().map(make).collect()
    }

    /// The driver: pixels lie between 0 and 1.
    ///
    /// # Errors
    /// Where there is no budget, or one is negative or not finite.
    pub fn driver(&self, seed: u64) -> Result<Driver, EvaluationError> {
        let threat = ThreatModel { norm: self.norm, lower: 0.0, upper: 1.0 };
        let goal = if self.targets.is_some() { Goal::Targeted } else { Goal::Untargeted };
        Driver::new(threat, goal, &self.epsilons, seed).map_err(EvaluationError::Request)
    }
}

/// Attacks every sample of a session. Stopped on the way, it returns what it has on the batches that are done.
///
/// # Errors
/// Where the request does not fit the problem, an attack or the network fails; and where it is stopped before the first
/// batch is done.
pub fn evaluate(
    session: &Session,
    options: &AttackOptions,
    watch: &mut Watch<'_>,
) -> Result<Evaluation, EvaluationError> {
    let start = Instant::now();
    let (spec, data) = (session.spec(), session.dataset());
    let attacks: Vec<(String, Box<dyn Attack>)> = options.attacks.iter().cloned().zip(options.make()?).collect();
    let driver = options.driver(spec.seed)?;
    let graph = session.network().graph(Mode::Eval)?;
    let oracle = NetworkOracle::new(session.backend(), graph, session.weights(), spec.batch)?;
    // Random choices follow a sample's position in the file, whatever part of it was asked for.
    let first = session.data_part().range[0];
    let mut found = Evaluation::default();
    for range in batches(data.len(), spec.batch) {
        let pixels = range.clone().flat_map(|i| data.image(i)).map(|v| f64::from(*v) / 255.0);
        let samples: Vec<f64> = pixels.collect();
        let labels = data.labels.get(range.clone()).unwrap_or_default();
        let indices: Vec<usize> = range.clone().map(|i| first + i).collect();
        let batch = SampleBatch { samples: &samples, labels, indices: &indices };
        let known = Known { batch, logits: &oracle.logits(&samples)?, seed: spec.seed };
        if range.start == 0 {
            found.flags = flags(&oracle, &batch, known.logits)?;
        }
        let mut rounds = Vec::with_capacity(attacks.len());
        for (name, attack) in &attacks {
            let begun = Instant::now();
            let mut epsilon = 0.0;
            let mut observe = |event: DriverEvent<'_>| {
                let step = match event {
                    DriverEvent::Epsilon(e) => {
                        epsilon = e;
                        0
                    }
                    DriverEvent::Step(step) => step.step,
                    _ => 0,
                };
                let (done, total) = (range.start, data.len());
                (watch.observe)(Event::Attack { attack: name, epsilon, step, done, total });
                if (watch.stop)() { Control::Stop } else { Control::Continue }
            };
            match rounds::run(&oracle, &driver, &known, attack.as_ref(), options.targets, &mut observe) {
                Ok(round) => rounds.push((round, begun.elapsed().as_secs_f64())),
                Err(AttackError::Interrupted) => break,
                Err(cause) => return Err(EvaluationError::attack(name, cause)),
            }
        }
        if rounds.len() == attacks.len() {
            found.add(rounds, options.keep).map_err(EvaluationError::Request)?;
        }
        if found.samples() < range.end || ((watch.stop)() && range.end < data.len()) {
            found.interrupted = true;
            break;
        }
        if range.start == 0 && options.indicators {
            let rules = (options.norm, spec.seed);
            match indicators(&oracle, &batch, known.logits, &attacks, rules, &|| (watch.stop)()) {
                Err(EvaluationError::Attack { cause: AttackError::Interrupted, .. }) => {}
                asked => found.flags.indicators = Some(asked?),
            }
        }
    }
    if found.interrupted && found.samples() == 0 {
        return Err(EvaluationError::Interrupted);
    }
    found.total_seconds = start.elapsed().as_secs_f64();
    Ok(found)
}
