//! One attack on one batch: untargeted, or towards one target of every sample after the other.
//!
//! A targeted run attacks what is classified correctly, so that its figures and those of untargeted runs are shares of the
//! same samples. Of several targets the best attack on each sample is kept, by the driver's own order.

use super::TargetRule;
use hesse_core::Attack;
use hesse_core::attack::driver::{
    AttackOutcome, DriverEvent, EpsilonOutcome, SampleBatch, SampleOutcome, Scored, Verdict, better,
};
use hesse_core::attack::{AttackError, AttackLoss, Driver, Goal, InputOracle, losses};
use hesse_core::eigen::Control;

/// What came of one attack on one batch.
pub(super) struct Round {
    /// Every sample of the batch, with its own class as label.
    pub outcome: AttackOutcome,
    /// For each ε, the target of what is returned for each sample; empty where the attack was untargeted.
    pub targets: Vec<Vec<u32>>,
    /// For each ε, pairs of sample and target that were reached, and all there were.
    pub pairs: Vec<(usize, usize)>,
}

/// A batch with the network's answer to it.
pub(super) struct Known<'a> {
    pub batch: SampleBatch<'a>,
    /// `N × C` at the clean samples.
    pub logits: &'a [f64],
    pub seed: u64,
}

/// Runs an attack, towards targets where there is a rule.
pub(super) fn run(
    oracle: &dyn InputOracle,
    driver: &Driver,
    known: &Known<'_>,
    attack: &dyn Attack,
    rule: Option<TargetRule>,
    observe: &mut dyn FnMut(DriverEvent<'_>) -> Control,
) -> Result<Round, AttackError> {
    let Some(rule) = rule else {
        let outcome = driver.run(oracle, &known.batch, attack, observe)?;
        return Ok(Round { outcome, targets: Vec::new(), pairs: Vec::new() });
    };
    let classes = oracle.classes().max(1);
    let d = known.batch.samples.len() / known.batch.labels.len().max(1);
    let z = |i: usize| known.logits.get(i * classes..(i + 1) * classes).unwrap_or_default();
    let correct: Vec<usize> =
        (0..known.batch.labels.len()).filter(|&i| losses::prediction(z(i)) == Some(known.batch.labels[i])).collect();
    let samples: Vec<f64> =
        correct.iter().flat_map(|i| known.batch.samples.get(i * d..(i + 1) * d).unwrap_or_default()).copied().collect();
    let indices: Vec<usize> = correct.iter().filter_map(|&i| known.batch.indices.get(i)).copied().collect();
    let mut all = clean(known, &z, driver.epsilons());
    for round in 0..rule.rounds(classes) {
        let target = |i: &usize| {
            let (label, index) = (known.batch.labels[*i], known.batch.indices[*i]);
            rule.target(round, z(*i), label, index, known.seed).unwrap_or(label)
        };
        let targets: Vec<u32> = correct.iter().map(target).collect();
        let part = SampleBatch { samples: &samples, labels: &targets, indices: &indices };
        let found = driver.run(oracle, &part, attack, observe)?;
        merge(&mut all, &found, (&correct, &targets), (round == 0, d), attack);
    }
    Ok(all)
}

/// The result before any target: misclassified samples as they are, all others standing.
fn clean<'z>(known: &Known<'_>, z: &dyn Fn(usize) -> &'z [f64], epsilons: &[f64]) -> Round {
    let sample = |i: usize| {
        let (z, label) = (z(i), known.batch.labels[i]);
        let prediction = losses::prediction(z);
        let (loss, margin) = (losses::value(AttackLoss::CrossEntropy, z, label), losses::margin(z, label));
        let wrong = prediction != Some(label);
        SampleOutcome {
            index: known.batch.indices.get(i).copied().unwrap_or(i),
            label,
            verdict: if wrong { Verdict::Misclassified } else { Verdict::Robust },
            score: Scored { success: wrong, prediction, loss, margin, norm: 0.0 },
            carried: false,
        }
    };
    let n = known.batch.labels.len();
    let samples: Vec<SampleOutcome> = (0..n).map(sample).collect();
    let epsilon = |&epsilon: &f64| EpsilonOutcome {
        epsilon,
        samples: samples.clone(),
        adversarial: known.batch.samples.to_vec(),
        replaced: 0,
        trace: Default::default(),
        silent: 0,
        stages: Vec::new(),
    };
    let outcome = AttackOutcome {
        epsilons: epsilons.iter().map(epsilon).collect(),
        queries: Default::default(),
        attacked: 0,
        zero_gradients: 0,
    };
    let own = known.batch.labels.to_vec();
    Round { targets: vec![own; epsilons.len()], pairs: vec![(0, 0); epsilons.len()], outcome }
}

fn merge(
    all: &mut Round,
    found: &AttackOutcome,
    (positions, targets): (&[usize], &[u32]),
    (first, d): (bool, usize),
    attack: &dyn Attack,
) {
    all.outcome.queries += found.queries;
    if first {
        (all.outcome.attacked, all.outcome.zero_gradients) = (found.attacked, found.zero_gradients);
    }
    let into = all.outcome.epsilons.iter_mut().zip(&mut all.targets).zip(&mut all.pairs);
    for (((all, kept), pairs), new) in into.zip(&found.epsilons) {
        all.replaced += new.replaced;
        all.silent += new.silent;
        all.trace.merge(&new.trace);
        for stage in &new.stages {
            match all.stages.iter_mut().find(|s| s.name == stage.name) {
                Some(s) => (s.attacked, s.fooled) = (s.attacked + stage.attacked, s.fooled + stage.fooled),
                None => all.stages.push(*stage),
            }
        }
        pairs.1 += positions.len();
        pairs.0 += new.samples.iter().filter(|s| s.score.success).count();
        for ((&i, target), (sample, x)) in
            positions.iter().zip(targets).zip(new.samples.iter().zip(new.adversarial.chunks_exact(d.max(1))))
        {
            let old = &mut all.samples[i];
            if first || better(&sample.score, &old.score, Goal::Targeted, attack.budget()) {
                let label = old.label;
                *old = SampleOutcome { label, ..*sample };
                kept[i] = *target;
                all.adversarial[i * d..(i + 1) * d].copy_from_slice(x);
            }
        }
    }
}
