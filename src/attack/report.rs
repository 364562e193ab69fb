//! The result of `hesse attack` as data: schema `hesse.attack/1`.
//!
//! The schema is a promise: fields may be added, none may change its meaning or go.

use super::{AttackOptions, Evaluation, Flags, Tally, interval, notices::notices};
use crate::problem::Session;
use crate::report::{BackendPart, DataPart, Manifest, ModelPart};
use hesse_core::attack::Stage;
use hesse_core::attack::driver::{Queries, Verdict};
use serde::Serialize;

/// What was asked of the network, counted in samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct QueriesPart {
    /// Evaluations of the logits alone.
    pub forward: u64,
    /// Evaluations of a loss with its gradient.
    pub gradient: u64,
    /// Products with the Hessian.
    pub hessian_product: u64,
    /// Products with the Jacobian or its transpose.
    pub jacobian_product: u64,
}

impl From<Queries> for QueriesPart {
    fn from(q: Queries) -> Self {
        let Queries { forward, gradient, hessian_product, jacobian_product } = q;
        QueriesPart { forward, gradient, hessian_product, jacobian_product }
    }
}

/// One attack at one ε.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ResultPart {
    /// As given: `name` or `name:key=value,…`.
    pub attack: String,
    /// The budget, in pixels from 0 to 1.
    pub eps: f64,
    /// `linf`, `l2` or `l1`.
    pub norm: String,
    /// Share of samples classified correctly as they are.
    pub clean_accuracy: f64,
    /// Share classified correctly under the attack. What fooled the network at a smaller ε of the same run counts.
    pub robust_accuracy: f64,
    /// √(p(1 − p)/n) of the robust accuracy.
    pub standard_error: f64,
    /// Wilson's 95 % interval of the robust accuracy.
    pub interval: [f64; 2],
    /// Samples, misclassified ones included.
    pub samples: usize,
    /// Of a targeted attack, the share of pairs of sample and target that were reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_success: Option<f64>,
    /// Samples on which the attack asked about a success and returned none: at least so many.
    pub silent: usize,
    /// What each member of a composed attack added.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<StagePart>,
    /// Samples that the attack fooled.
    pub fooled: usize,
    /// Of them, those fooled at a smaller ε only. Without carrying, the robust accuracy is this many samples higher.
    pub carried: usize,
    /// Attacked samples on which two classes tie exactly.
    pub ties: usize,
    /// Entries of the attack's result that were not finite and have been replaced by clean ones.
    pub replaced: usize,
    /// Largest norm of a returned perturbation.
    pub largest_norm: f64,
    /// Median norm of the perturbations that fooled the network; absent where none did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub median_norm: Option<f64>,
    /// Mean loss per step, as the attack defines it; empty where it ran at another ε for all.
    pub trace: Vec<f64>,
}

/// All attacks together at one ε: the worst case for each sample.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WorstCasePart {
    /// The budget.
    pub eps: f64,
    /// `linf`, `l2` or `l1`.
    pub norm: String,
    /// Share of samples classified correctly as they are.
    pub clean_accuracy: f64,
    /// Share that no attack fooled.
    pub robust_accuracy: f64,
    /// √(p(1 − p)/n) of the robust accuracy.
    pub standard_error: f64,
    /// Wilson's 95 % interval of the robust accuracy.
    pub interval: [f64; 2],
    /// Samples, misclassified ones included.
    pub samples: usize,
}

/// What a member of a composed attack added.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StagePart {
    /// The member.
    pub name: &'static str,
    /// Samples that stood before it.
    pub attacked: usize,
    /// Of them, those it fooled.
    pub fooled: usize,
}

impl From<&Stage> for StagePart {
    fn from(stage: &Stage) -> Self {
        StagePart { name: stage.name, attacked: stage.attacked, fooled: stage.fooled }
    }
}

/// AutoAttack's flags, and what they were judged by.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FlagsPart {
    /// Whether repeated passes over the first batch differ: attacks must then average.
    pub random: bool,
    /// Largest distance of logits of length one between passes; above 1e-4 counts.
    pub repetition_distance: f64,
    /// Fewest and most samples of the first batch classified correctly in five passes.
    pub repetition_correct: [usize; 2],
    /// Whether the network returns probabilities.
    pub probabilities: bool,
    /// Correctly classified samples of the first batch without a gradient of the difference-of-logits ratio; absent with
    /// fewer than three classes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zero_ratio_gradients: Option<usize>,
    /// For each ε, samples that an attack without gradients fooled and none with: above 0.2 % counts. Empty where not both
    /// kinds ran.
    pub only_without_gradients: Vec<usize>,
    /// Whether the network optimises while it is asked: never, a graph has no loops.
    pub inference_optimization: bool,
    /// Indicators of attack failure, where they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub indicators: Option<IndicatorsPart>,
}

/// Indicators of attack failure that cost queries.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct IndicatorsPart {
    /// Samples looked at.
    pub samples: usize,
    /// Mean relative change of the loss at random points within 8/255, capped at one; above 0.1 counts.
    pub variability: f64,
    /// For each attack, how many of these it fooled when the whole box was allowed; fewer than all counts.
    pub unconstrained: Vec<usize>,
}

impl FlagsPart {
    fn new(flags: &Flags, only_without_gradients: Vec<usize>) -> Self {
        let repetition = flags.repetition;
        FlagsPart {
            random: repetition.is_some_and(|r| r.random()),
            repetition_distance: repetition.map_or(0.0, |r| r.distance),
            repetition_correct: repetition.map_or([0, 0], |r| [r.correct.0, r.correct.1]),
            probabilities: flags.probabilities,
            zero_ratio_gradients: flags.zero_ratio_gradients,
            only_without_gradients,
            inference_optimization: false,
            indicators: flags.indicators.as_ref().map(|i| IndicatorsPart {
                samples: i.samples,
                variability: i.variability,
                unconstrained: i.unconstrained.clone(),
            }),
        }
    }
}

/// One sample under all attacks.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SamplePart {
    /// Position in the split.
    pub index: usize,
    /// Its class.
    pub label: u32,
    /// Whether it is classified correctly as it is.
    pub correct: bool,
    /// For each ε, the first attack that fooled the network; nothing where none did or it was misclassified anyway.
    pub fooled_by: Vec<Option<String>>,
}

/// What an attack cost, over every ε.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CostPart {
    /// As given.
    pub attack: String,
    /// Queries, in samples.
    pub queries: QueriesPart,
    /// Seconds.
    pub seconds: f64,
}

/// The whole result.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AttackReport {
    /// `hesse.attack/1`.
    pub schema: &'static str,
    /// The network.
    pub model: ModelPart,
    /// The samples asked for.
    pub data: DataPart,
    /// The machine.
    pub backend: BackendPart,
    /// How perturbations are measured.
    pub norm: String,
    /// How targets were chosen; absent where the attacks were untargeted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub targeted: Option<String>,
    /// Budgets, rising: the order of `fooled_by`.
    pub epsilons: Vec<f64>,
    /// Samples done; fewer than asked for where it was interrupted.
    pub samples: usize,
    /// Whether it was interrupted.
    pub interrupted: bool,
    /// Share of samples classified correctly as they are.
    pub clean_accuracy: f64,
    /// Wilson's 95 % interval of the clean accuracy.
    pub clean_interval: [f64; 2],
    /// Attack by attack, each at every ε.
    pub results: Vec<ResultPart>,
    /// All attacks together at every ε.
    pub worst_case: Vec<WorstCasePart>,
    /// Correctly classified samples at which the gradient of the cross-entropy is zero throughout or not finite.
    pub zero_gradients: usize,
    /// Signs of masked gradients.
    pub flags: FlagsPart,
    /// Attack by attack.
    pub cost: Vec<CostPart>,
    /// Every sample.
    pub per_sample: Vec<SamplePart>,
    /// Seconds in all, without reading the data.
    pub seconds: f64,
    /// What it takes to repeat this.
    pub manifest: Manifest,
}

fn share(count: usize, of: usize) -> f64 {
    count as f64 / of.max(1) as f64
}

fn standard_error(p: f64, n: usize) -> f64 {
    (p * (1.0 - p) / n.max(1) as f64).sqrt()
}

impl AttackReport {
    /// Puts a result together.
    pub fn new(session: &Session, options: &AttackOptions, found: &Evaluation, command: &[String]) -> Self {
        let (samples, norm) = (found.samples(), options.norm.to_string());
        let clean_accuracy = share(found.clean_correct(), samples);
        let pairs = || options.attacks.iter().zip(&found.attacks);
        let result = |attack: &String, tally: &Tally| result(attack, &norm, clean_accuracy, tally);
        let first = found.attacks.first();
        let epsilons: Vec<f64> = first.map(|t| t.iter().map(|t| t.epsilon).collect()).unwrap_or_default();
        let worst_case = epsilons.iter().zip(&found.worst).map(|(&eps, verdicts)| {
            let robust = verdicts.iter().filter(|(v, _)| *v == Verdict::Robust).count();
            let robust_accuracy = share(robust, samples);
            let (standard_error, interval) = (standard_error(robust_accuracy, samples), interval(robust, samples));
            WorstCasePart {
                eps,
                norm: norm.clone(),
                clean_accuracy,
                robust_accuracy,
                standard_error,
                interval,
                samples,
            }
        });
        let known = first.and_then(|t| t.first()).map(|t| t.samples.as_slice()).unwrap_or_default();
        let per_sample = known.iter().enumerate().map(|(i, s)| SamplePart {
            index: s.index,
            label: s.label,
            correct: s.verdict != Verdict::Misclassified,
            fooled_by: found
                .worst
                .iter()
                .map(|w| w.get(i).and_then(|(_, by)| *by).and_then(|by| options.attacks.get(by)).cloned())
                .collect(),
        });
        let costs = options.attacks.iter().zip(found.queries.iter().zip(&found.seconds));
        AttackReport {
            schema: "hesse.attack/1",
            model: session.model_part(),
            data: session.data_part(),
            backend: session.backend_part(),
            norm: norm.clone(),
            targeted: options.targets.map(|t| t.to_string()),
            samples,
            interrupted: found.interrupted,
            clean_accuracy,
            clean_interval: interval(found.clean_correct(), samples),
            results: pairs().flat_map(|(attack, tallies)| tallies.iter().map(|t| result(attack, t))).collect(),
            worst_case: worst_case.collect(),
            zero_gradients: found.zero_gradients,
            flags: FlagsPart::new(&found.flags, only_without_gradients(options, found)),
            cost: costs
                .map(|(attack, (queries, &seconds))| CostPart {
                    attack: attack.clone(),
                    queries: (*queries).into(),
                    seconds,
                })
                .collect(),
            per_sample: per_sample.collect(),
            epsilons,
            seconds: found.total_seconds,
            manifest: session.manifest(command, None, &notices(options, found)),
        }
    }
}

fn result(attack: &str, norm: &str, clean_accuracy: f64, tally: &Tally) -> ResultPart {
    let samples = tally.samples.len();
    let robust = tally.count(Verdict::Robust);
    let robust_accuracy = share(robust, samples);
    let norms = tally.norms();
    let attacked = tally.samples.iter().filter(|s| s.verdict != Verdict::Misclassified);
    ResultPart {
        attack: attack.to_string(),
        eps: tally.epsilon,
        norm: norm.to_string(),
        clean_accuracy,
        robust_accuracy,
        standard_error: standard_error(robust_accuracy, samples),
        interval: interval(robust, samples),
        samples,
        target_success: (!tally.targets.is_empty()).then(|| share(tally.pairs.0, tally.pairs.1)),
        silent: tally.silent,
        stages: tally.stages.iter().map(StagePart::from).collect(),
        fooled: tally.count(Verdict::Fooled),
        carried: tally.samples.iter().filter(|s| s.carried).count(),
        ties: attacked.clone().filter(|s| s.score.margin == 0.0).count(),
        replaced: tally.replaced,
        largest_norm: attacked.map(|s| s.score.norm).fold(0.0, f64::max),
        median_norm: norms.get(norms.len() / 2).copied(),
        trace: tally.trace.0.iter().map(|s| s.mean_loss).collect(),
    }
}

/// Attacks that ask for no gradient, by name.
const WITHOUT_GRADIENTS: [&str; 2] = ["noise", "square"];

/// Whether an attack, as given, asks for no gradient.
pub(super) fn without_gradients(attack: &str) -> bool {
    let name = attack.split(':').next().unwrap_or_default();
    WITHOUT_GRADIENTS.contains(&name.rsplit('/').next().unwrap_or(name))
}

/// For each ε, samples that only attacks without gradients fooled; those within a composed attack count. Empty where not
/// both kinds ran.
pub(super) fn only_without_gradients(options: &AttackOptions, found: &Evaluation) -> Vec<usize> {
    let composed: Vec<usize> = (0..found.worst.len())
        .map(|e| {
            let stages =
                |tallies: &Vec<Tally>| tallies.get(e).map(|t| t.stages.as_slice()).unwrap_or_default().to_vec();
            let all = found.attacks.iter().flat_map(stages);
            all.filter(|s| without_gradients(s.name)).map(|s| s.fooled).sum()
        })
        .collect();
    let kinds: Vec<bool> = options.attacks.iter().map(|a| without_gradients(a)).collect();
    let both = kinds.contains(&true) && kinds.contains(&false);
    let any_composed = found.attacks.iter().flatten().any(|t| !t.stages.is_empty());
    if !both {
        return if any_composed { composed } else { Vec::new() };
    }
    let fooled = |a: usize, e: usize, i: usize| {
        let sample = found.attacks.get(a).and_then(|t| t.get(e)).and_then(|t| t.samples.get(i));
        sample.is_some_and(|s| s.verdict == Verdict::Fooled)
    };
    let only = |e: usize, i: &usize| {
        let mut by = (false, false);
        for (_, without) in kinds.iter().enumerate().filter(|(a, _)| fooled(*a, e, *i)) {
            if *without { by.0 = true } else { by.1 = true }
        }
        by == (true, false)
    };
    (0..found.worst.len()).map(|e| composed[e] + (0..found.samples()).filter(|i| only(e, i)).count()).collect()
}
