//! The result of `hesse attack` as data: schema `hesse.attack/1`.
//!
//! The schema is a promise: fields may be added, none may change its meaning or go.

use super::{AttackOptions, Evaluation, Tally, notices::notices};
use crate::problem::Session;
use crate::report::{BackendPart, DataPart, Manifest, ModelPart};
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
    /// Samples, misclassified ones included.
    pub samples: usize,
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
    /// Samples, misclassified ones included.
    pub samples: usize,
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
    /// Budgets, rising: the order of `fooled_by`.
    pub epsilons: Vec<f64>,
    /// Samples done; fewer than asked for where it was interrupted.
    pub samples: usize,
    /// Whether it was interrupted.
    pub interrupted: bool,
    /// Share of samples classified correctly as they are.
    pub clean_accuracy: f64,
    /// Attack by attack, each at every ε.
    pub results: Vec<ResultPart>,
    /// All attacks together at every ε.
    pub worst_case: Vec<WorstCasePart>,
    /// Correctly classified samples at which the gradient of the cross-entropy is zero throughout or not finite.
    pub zero_gradients: usize,
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
            let robust_accuracy = share(verdicts.iter().filter(|(v, _)| *v == Verdict::Robust).count(), samples);
            let standard_error = standard_error(robust_accuracy, samples);
            WorstCasePart { eps, norm: norm.clone(), clean_accuracy, robust_accuracy, standard_error, samples }
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
            samples,
            interrupted: found.interrupted,
            clean_accuracy,
            results: pairs().flat_map(|(attack, tallies)| tallies.iter().map(|t| result(attack, t))).collect(),
            worst_case: worst_case.collect(),
            zero_gradients: found.zero_gradients,
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
    let robust_accuracy = share(tally.count(Verdict::Robust), samples);
    let norms = tally.norms();
    let attacked = tally.samples.iter().filter(|s| s.verdict != Verdict::Misclassified);
    ResultPart {
        attack: attack.to_string(),
        eps: tally.epsilon,
        norm: norm.to_string(),
        clean_accuracy,
        robust_accuracy,
        standard_error: standard_error(robust_accuracy, samples),
        samples,
        fooled: tally.count(Verdict::Fooled),
        carried: tally.samples.iter().filter(|s| s.carried).count(),
        ties: attacked.clone().filter(|s| s.score.margin == 0.0).count(),
        replaced: tally.replaced,
        largest_norm: attacked.map(|s| s.score.norm).fold(0.0, f64::max),
        median_norm: norms.get(norms.len() / 2).copied(),
        trace: tally.trace.0.iter().map(|s| s.mean_loss).collect(),
    }
}
