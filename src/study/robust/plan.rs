//! From options to cells: what is trained, what is measured there, and under which key it is kept.

use super::{RobustOptions, Role, StudyAttack};
use crate::data::{SampleRange, Split};
use crate::problem::{ProblemError, ProblemSpec, describe_normalization};
use crate::study::StudyError;
use crate::train::{Adversary, Robust, Schedule, TrainOptions, TrainReport, TrainSpec};
use hesse_core::graph::Mode;
use hesse_core::loss::Loss;
use std::path::PathBuf;

const MODEL: &str = "model.safetensors";

/// The plainly trained network.
pub(super) const ORIGINAL: &str = "original";

/// One network of the study.
#[derive(Clone, Copy)]
pub(super) enum Network<'a> {
    /// Plainly trained; where all others begin.
    Original,
    /// Trained on for as many epochs as the robust ones, without an attack: what they do beyond it is robust training's.
    Control,
    /// Trained on against an attack.
    Against(&'a StudyAttack),
}

impl<'a> Network<'a> {
    /// Its name, and that of its folder.
    pub fn name(self) -> String {
        match self {
            Network::Original => ORIGINAL.to_string(),
            Network::Control => "control".to_string(),
            Network::Against(attack) => format!("tuned-{}", attack.label),
        }
    }

    /// For people.
    pub fn title(self) -> String {
        match self {
            Network::Original => ORIGINAL.to_string(),
            Network::Control => "no attack (control)".to_string(),
            Network::Against(attack) => format!("against {}", attack.title),
        }
    }

    /// Which of the three kinds.
    pub fn role(self) -> Role {
        match self {
            Network::Original => Role::Original,
            Network::Control => Role::Control,
            Network::Against(_) => Role::Robust,
        }
    }

    /// The attack that it is trained against.
    pub fn attack(self) -> Option<&'a StudyAttack> {
        if let Network::Against(attack) = self { Some(attack) } else { None }
    }
}

/// Refuses what cannot be carried out; what concerns a single training is checked there.
pub(super) fn check(options: &RobustOptions) -> Result<(), StudyError> {
    let refuse =
        |what, expected: &str, found: String| Err(StudyError::Option { what, expected: expected.to_string(), found });
    let budget = |e: f64| e > 0.0 && e.is_finite();
    if !budget(options.epsilon_linf) {
        return refuse("ε under linf", "a positive number", options.epsilon_linf.to_string());
    }
    if !budget(options.epsilon_l2) {
        return refuse("ε under l2", "a positive number", options.epsilon_l2.to_string());
    }
    if options.line_points < 2 {
        return refuse("points of the line", "at least 2", options.line_points.to_string());
    }
    if options.top == 0 {
        return refuse("number of eigenvalues", "at least 1", "0".to_string());
    }
    if options.evaluation_batch == 0 {
        return refuse("batch size for evaluation", "at least 1", "0".to_string());
    }
    Ok(())
}

/// A rate that is halved every so many epochs.
fn halved(every: usize, epochs: usize) -> Schedule {
    let at: Vec<usize> =
        if every == 0 { Vec::new() } else { (1..).map(|i| i * every).take_while(|e| *e < epochs).collect() };
    if at.is_empty() { Schedule::Constant } else { Schedule::Step { at, factor: 0.5 } }
}

/// The plain training, or one that begins at its end.
pub(super) fn training(options: &RobustOptions, network: Network<'_>) -> TrainSpec {
    let first = matches!(network, Network::Original);
    let (epochs, every) =
        if first { (options.epochs, options.halve_every) } else { (options.tune_epochs, options.tune_halve_every) };
    TrainSpec {
        initial: (!first).then(|| weights(options, ORIGINAL)),
        samples: options.samples,
        test_samples: options.test_samples,
        normalization: options.normalization.clone(),
        backend: options.backend.clone(),
        seed: options.seed,
        options: TrainOptions {
            epochs,
            batch: options.batch,
            rate: options.rate,
            momentum: options.momentum,
            schedule: halved(every, epochs),
            robust: network.attack().map(|a| Robust::Adversarial(Adversary::new(a.training, a.norm, a.epsilon))),
            ..TrainOptions::default()
        },
        force: options.force,
        checkpoint_every: options.checkpoint_every,
        command: options.command.clone(),
        ..TrainSpec::new(options.model.clone(), options.data.clone(), options.out.join(network.name()))
    }
}

/// The weights that a training leaves.
pub(super) fn weights(options: &RobustOptions, name: &str) -> PathBuf {
    options.out.join(name).join(MODEL)
}

/// A trained network on its test samples.
pub(super) fn on_test(options: &RobustOptions, name: &str) -> ProblemSpec {
    ProblemSpec {
        model: options.model.clone(),
        weights: Some(weights(options, name)),
        data: options.data.clone(),
        split: Split::Test,
        samples: options.test_samples,
        perturbation: None,
        normalization: options.normalization.clone(),
        loss: Loss::default(),
        mode: Mode::Eval,
        backend: options.backend.clone(),
        seed: options.seed,
        batch: options.evaluation_batch,
        memory: options.memory,
    }
}

/// The same on the first training samples, 0 for all.
pub(super) fn on_train(
    options: &RobustOptions,
    name: &str,
    trained: &TrainReport,
    samples: usize,
) -> Result<ProblemSpec, StudyError> {
    let [start, end] = trained.data.range;
    let end = if samples == 0 { end } else { end.min(start.saturating_add(samples)) };
    let samples = SampleRange::new(start, Some(end)).map_err(ProblemError::from)?;
    Ok(ProblemSpec { split: Split::Train, samples, ..on_test(options, name) })
}

/// What a result at the end of a training depends on: the run and its length stand for weights and data.
pub(super) fn trained(report: &TrainReport) -> String {
    format!("run {} epochs {}", report.manifest.run_sha256, report.epochs.len())
}

/// What it depends on besides: how samples are computed.
pub(super) fn machine(options: &RobustOptions) -> String {
    format!(
        "test {} of {} normalize {} seed {} batch {} backend {} {} {}",
        options.test_samples,
        options.data,
        describe_normalization(&options.normalization).unwrap_or_default(),
        options.seed,
        options.evaluation_batch,
        options.backend.name,
        options.backend.device,
        options.backend.precision
    )
}

/// What it depends on where an attack takes part.
pub(super) fn attacked(attack: &StudyAttack) -> String {
    format!("attack {} {} eps {}", attack.attack, attack.norm, attack.epsilon)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_halved_within_the_run_only() {
        assert_eq!(halved(5, 12), Schedule::Step { at: vec![5, 10], factor: 0.5 });
        assert_eq!((halved(5, 5), halved(0, 9)), (Schedule::Constant, Schedule::Constant));
    }

    #[test]
    fn presets_can_be_carried_out_and_follow_the_paper() {
        check(&RobustOptions::quick("x")).unwrap();
        let mnist = RobustOptions::paper("mnist".parse().unwrap(), "x");
        let cifar = RobustOptions::paper("cifar10".parse().unwrap(), "x");
        check(&mnist).unwrap();
        assert_eq!((mnist.model.as_str(), mnist.epsilon_l2, mnist.tune_epochs), ("m1", 2.8, 5));
        assert_eq!((cifar.model.as_str(), cifar.epsilon_linf, cifar.tune_epochs), ("c3", 0.02, 10));
        assert_eq!(training(&mnist, Network::Original).options.schedule, halved(5, 100));
    }

    #[test]
    fn the_control_differs_from_a_robust_training_in_the_attack_alone() {
        let options = RobustOptions::quick("x");
        let (attacks, _) =
            super::super::choose_attacks(&RobustOptions { attacks: vec!["fgsm".into()], ..options.clone() }).unwrap();
        let (control, robust) =
            (training(&options, Network::Control), training(&options, Network::Against(&attacks[0])));
        let clean = TrainOptions { robust: None, ..robust.options.clone() };
        assert_eq!((&control.initial, &control.options), (&robust.initial, &clean));
        assert!(robust.options.robust.is_some());
    }

    #[test]
    fn senseless_options_are_refused_with_their_value() {
        let said = |options: RobustOptions| check(&options).unwrap_err().to_string();
        let quick = || RobustOptions::quick("x");
        assert_eq!(
            said(RobustOptions { epsilon_l2: 0.0, ..quick() }),
            "ε under l2: expected a positive number, found 0"
        );
        assert!(said(RobustOptions { line_points: 1, ..quick() }).starts_with("points of the line"));
        assert!(said(RobustOptions { top: 0, ..quick() }).starts_with("number of eigenvalues"));
    }
}
