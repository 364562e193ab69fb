//! Driving one attack over the samples of one batch and every ε.

use super::candidate::{require_logits, score};
use super::witness::Witness;
use super::{
    AttackOutcome, Candidates, CountedOracle, EpsilonOutcome, SampleBatch, SampleOutcome, Scored, Trace, Verdict,
};
use crate::attack::combine::cascade;
use crate::attack::diagnose::zero_gradients;
use crate::attack::{
    Attack, AttackError, AttackLoss, AttackRequest, AttackStep, Budget, Goal, InputOracle, Stage, ThreatModel,
};
use crate::eigen::Control;

/// What happens while a driver runs.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum DriverEvent<'a> {
    /// The attack begins at this ε (the largest, for a minimal budget).
    Epsilon(f64),
    /// The attack has done a step.
    Step(AttackStep<'a>),
}

/// The threat model, the goal and the random seed of an evaluation; see the module.
#[derive(Debug, Clone)]
pub struct Driver {
    threat: ThreatModel,
    goal: Goal,
    epsilons: Vec<f64>,
    seed: u64,
}

/// The clean samples that are attacked.
struct Attacked<'a> {
    positions: &'a [usize],
    samples: &'a [f64],
    labels: &'a [u32],
    indices: &'a [usize],
}

/// What an attack proposed, and what was seen on the way.
#[derive(Clone, Default)]
struct Proposal {
    samples: Vec<f64>,
    trace: Trace,
    /// For every sample whether a success was asked about.
    seen: Vec<bool>,
    stages: Vec<Stage>,
}

impl Driver {
    /// An evaluation at every ε, in rising order; doubled ones are dropped.
    ///
    /// # Errors
    /// Where there is no ε, one is negative or not finite, or the box is empty.
    pub fn new(threat: ThreatModel, goal: Goal, epsilons: &[f64], seed: u64) -> Result<Self, AttackError> {
        let refuse = |what, expected: &str, found: String| {
            Err(AttackError::Request { what, expected: expected.to_string(), found })
        };
        // A comparison with NaN is false, so a bound that is NaN is refused too.
        if !matches!(threat.lower.partial_cmp(&threat.upper), Some(std::cmp::Ordering::Less)) {
            return refuse("box", "a lower bound below the upper one", format!("{}..{}", threat.lower, threat.upper));
        }
        if let Some(e) = epsilons.iter().find(|e| !(e.is_finite() && **e >= 0.0)) {
            return refuse("ε", "finite numbers of at least 0", e.to_string());
        }
        if epsilons.is_empty() {
            return refuse("ε", "at least one", "none".into());
        }
        let mut epsilons = epsilons.to_vec();
        epsilons.sort_by(f64::total_cmp);
        epsilons.dedup();
        Ok(Driver { threat, goal, epsilons, seed })
    }

    /// Every ε, in rising order.
    pub fn epsilons(&self) -> &[f64] {
        &self.epsilons
    }

    /// The norm and the box.
    pub fn threat(&self) -> ThreatModel {
        self.threat
    }

    /// Runs an attack. Cost: that of the attack at every ε, and one forward pass each to decide, one for the clean
    /// samples, and one gradient, which is not counted, to look for masked ones.
    ///
    /// # Errors
    /// Where samples are refused, the oracle or the attack fails, or `observe` asks to stop.
    pub fn run(
        &self,
        oracle: &dyn InputOracle,
        batch: &SampleBatch<'_>,
        attack: &dyn Attack,
        observe: &mut dyn FnMut(DriverEvent<'_>) -> Control,
    ) -> Result<AttackOutcome, AttackError> {
        batch.check(oracle, &self.threat)?;
        let counted = CountedOracle::new(oracle);
        let dimension: usize = oracle.shape().iter().product();
        let logits = if batch.labels.is_empty() { Vec::new() } else { counted.logits(batch.samples)? };
        require_logits(&counted, batch.labels.len(), &logits)?;
        let clean = score(oracle, &self.threat, self.goal, (batch.samples, batch.labels), batch.samples, &logits);

        let positions: Vec<usize> = (0..clean.len()).filter(|&i| !clean[i].success).collect();
        let pick = |i: &usize| batch.samples.get(i * dimension..(i + 1) * dimension).unwrap_or_default();
        let samples: Vec<f64> = positions.iter().flat_map(pick).copied().collect();
        let labels: Vec<u32> = positions.iter().map(|&i| batch.labels[i]).collect();
        let indices: Vec<usize> = positions.iter().map(|&i| batch.indices[i]).collect();
        let attacked = Attacked { positions: &positions, samples: &samples, labels: &labels, indices: &indices };
        let zero_gradients = zero_gradients(oracle, &samples, &labels, AttackLoss::CrossEntropy)?;

        let mut minimal: Option<Vec<f64>> = None;
        let mut best: Option<Candidates> = None;
        let mut epsilons = Vec::with_capacity(self.epsilons.len());
        for &epsilon in &self.epsilons {
            let mut proposal = match (attack.budget(), &minimal) {
                // Nothing can be chosen.
                _ if epsilon == 0.0 || positions.is_empty() => {
                    Proposal { samples: samples.clone(), ..Proposal::default() }
                }
                (Budget::Minimal, Some(found)) => Proposal { samples: found.clone(), ..Proposal::default() },
                (Budget::Minimal, None) => {
                    let largest = self.epsilons.last().copied().unwrap_or(epsilon);
                    let mut found = self.propose(&counted, attack, &attacked, largest, observe)?;
                    // A point that was asked about may lie within the largest ε and outside of this one.
                    found.seen.clear();
                    minimal = Some(found.samples.clone());
                    found
                }
                (Budget::Fixed, _) => self.propose(&counted, attack, &attacked, epsilon, observe)?,
            };
            let proposed = std::mem::take(&mut proposal.samples);
            let clean_rows = (attacked.samples, attacked.labels);
            let mut found = Candidates::evaluate(&counted, &self.threat, self.goal, epsilon, clean_rows, proposed)?;
            let silent = proposal.seen.iter().zip(&found.scores).filter(|(seen, s)| **seen && !s.success).count();
            let mut carried = vec![false; positions.len()];
            if let Some(previous) = &best {
                let alone: Vec<bool> = found.scores.iter().map(|s| s.success).collect();
                let taken = found.improve(previous, self.goal, attack.budget());
                carried = taken.iter().zip(&alone).map(|(taken, alone)| *taken && !alone).collect();
                carried.iter_mut().zip(&found.scores).for_each(|(c, s)| *c &= s.success);
            }
            let (samples, adversarial) = outcome(batch, &clean, &attacked, &found, &carried);
            let Proposal { trace, stages, .. } = proposal;
            let replaced = found.replaced;
            epsilons.push(EpsilonOutcome { epsilon, samples, adversarial, replaced, trace, silent, stages });
            best = Some(found);
        }
        Ok(AttackOutcome { epsilons, queries: counted.queries(), attacked: positions.len(), zero_gradients })
    }

    /// What the attack proposes at one ε, and its trace.
    fn propose(
        &self,
        oracle: &CountedOracle<'_>,
        attack: &dyn Attack,
        attacked: &Attacked<'_>,
        epsilon: f64,
        observe: &mut dyn FnMut(DriverEvent<'_>) -> Control,
    ) -> Result<Proposal, AttackError> {
        let request = AttackRequest {
            samples: attacked.samples,
            labels: attacked.labels,
            goal: self.goal,
            threat: self.threat,
            epsilon,
            indices: attacked.indices,
            seed: self.seed,
        };
        if observe(DriverEvent::Epsilon(epsilon)) == Control::Stop {
            return Err(AttackError::Interrupted);
        }
        let mut trace = Trace::default();
        let mut stopped = false;
        let witness = Witness::new(oracle, (request.samples, request.labels), self.goal, self.threat, epsilon);
        let mut on_step = |step: AttackStep<'_>| {
            trace.record(&step);
            let control = observe(DriverEvent::Step(step));
            stopped |= control == Control::Stop;
            control
        };
        let members = attack.members();
        let (samples, stages) = if members.is_empty() {
            (attack.run(&witness, &request, &mut on_step)?, Vec::new())
        } else {
            cascade(members, &witness, &request, &mut on_step)?
        };
        // An attack may ignore the wish; its result is then that of another run than was asked for.
        if stopped {
            Err(AttackError::Interrupted)
        } else {
            Ok(Proposal { samples, trace, seen: witness.seen(), stages })
        }
    }
}

/// The verdict on every sample of a batch, and the samples themselves.
fn outcome(
    batch: &SampleBatch<'_>,
    clean: &[Scored],
    attacked: &Attacked<'_>,
    found: &Candidates,
    carried: &[bool],
) -> (Vec<SampleOutcome>, Vec<f64>) {
    let mut samples: Vec<SampleOutcome> = clean
        .iter()
        .zip(batch.labels.iter().zip(batch.indices))
        .map(|(score, (&label, &index))| SampleOutcome {
            index,
            label,
            verdict: Verdict::Misclassified,
            score: *score,
            carried: false,
        })
        .collect();
    let mut adversarial = batch.samples.to_vec();
    let dimension = adversarial.len() / samples.len().max(1);
    let rows = found.samples.chunks_exact(dimension.max(1)).zip(found.scores.iter().zip(carried));
    for (&position, (row, (score, &carried))) in attacked.positions.iter().zip(rows) {
        if let Some(to) = adversarial.get_mut(position * dimension..(position + 1) * dimension) {
            to.copy_from_slice(row);
        }
        if let Some(sample) = samples.get_mut(position) {
            sample.verdict = if score.success { Verdict::Fooled } else { Verdict::Robust };
            (sample.score, sample.carried) = (*score, carried);
        }
    }
    (samples, adversarial)
}
