//! Signs that a network looks more robust than it is, or that an attack was stopped too early.
//!
//! Sources: the flags of AutoAttack; Carlini et al., *On Evaluating Adversarial Robustness*, 2019; Pintor et al.,
//! *Indicators of Attack Failure*, NeurIPS 2022 (progress in the last ten steps).

use super::report::only_without_gradients;
use super::{AttackOptions, Evaluation, Tally};
use crate::report::{percent, significant};
use hesse_core::attack::driver::Verdict;

/// The last so many steps.
const LAST: usize = 10;
/// May have brought no more than this share of the whole rise of the loss.
const SETTLED: f64 = 0.05;

/// What a reader of the figures should know.
pub(super) fn notices(options: &AttackOptions, found: &Evaluation) -> Vec<String> {
    let mut notices = Vec::new();
    let correct = found.clean_correct();
    if found.interrupted {
        notices.push(format!("interrupted: the figures are of the first {} samples", found.samples()));
    }
    flags(options, found, &mut notices);
    if found.zero_gradients > 0 {
        notices.push(format!(
            "the gradient of the cross-entropy is zero or not finite at {} of {correct} samples: gradients are masked, \
             so attacks with loss=ce overestimate robustness; use loss=dlr or loss=margin",
            found.zero_gradients
        ));
    }
    let robust = |tally: &Tally| tally.count(Verdict::Robust);
    for (name, tallies) in options.attacks.iter().zip(&found.attacks) {
        for tally in tallies {
            let eps = tally.epsilon;
            if tally.replaced > 0 {
                let replaced = tally.replaced;
                notices.push(format!(
                    "{name} at ε {eps}: {replaced} entries were not finite and have been replaced by clean ones"
                ));
            }
            if tally.silent > 0 {
                notices.push(format!(
                    "{name} at ε {eps}: on {} samples or more it came upon a success and returned something else",
                    tally.silent
                ));
            }
            if robust(tally) > 0 && still_rising(tally) {
                notices.push(format!(
                    "{name} at ε {eps}: the loss still rose by more than {:.0} % of its whole rise in the last {LAST} \
                     steps; more steps may fool more samples",
                    100.0 * SETTLED
                ));
            }
        }
        if is_noise(name) {
            continue;
        }
        let baselines = options.attacks.iter().zip(&found.attacks).filter(|(n, _)| is_noise(n));
        for (a, b) in baselines.flat_map(|(_, noise)| tallies.iter().zip(noise)).filter(|(a, b)| robust(a) > robust(b))
        {
            notices.push(format!(
                "{name} at ε {} fools fewer samples than random noise does ({} against {}): a sign of masked gradients",
                a.epsilon,
                a.count(Verdict::Fooled),
                b.count(Verdict::Fooled)
            ));
        }
    }
    notices
}

/// Robust accuracy that only attacks without gradients took, beyond which gradients are masked (AutoAttack's fourth flag).
const WITHOUT_GRADIENTS: f64 = 0.002;
/// Relative change of the loss nearby that counts as unstable.
const UNSTABLE: f64 = 0.1;

/// What the first batch and the attacks without gradients tell.
fn flags(options: &AttackOptions, found: &Evaluation, notices: &mut Vec<String>) {
    let flags = &found.flags;
    if let Some(r) = flags.repetition.filter(|r| r.random()) {
        notices.push(format!(
            "the network is random: five passes over the same samples differ by {} in logits of length one, and classify \
             {} to {} correctly; attacks must average over its choices",
            significant(r.distance, 2),
            r.correct.0,
            r.correct.1
        ));
    }
    if flags.probabilities {
        notices.push(
            "the network's outputs are probabilities where attacks expect logits; a softmax hides its gradient".into(),
        );
    }
    if let Some(zero) = flags.zero_ratio_gradients.filter(|z| *z > 0) {
        notices.push(format!(
            "the gradient of the difference-of-logits ratio is zero or not finite at {zero} samples of the first batch: \
             gradients are masked"
        ));
    }
    for (tally, only) in found.attacks.first().into_iter().flatten().zip(only_without_gradients(options, found)) {
        let share = only as f64 / found.samples().max(1) as f64;
        if share > WITHOUT_GRADIENTS {
            notices.push(format!(
                "at ε {} attacks without gradients fooled {only} samples ({}) that stood against gradients: gradients are \
                 masked",
                tally.epsilon,
                percent(share)
            ));
        }
    }
    let Some(indicators) = &flags.indicators else { return };
    if indicators.variability > UNSTABLE {
        notices.push(format!(
            "the loss changes by {} at random points within 8/255 (mean over {} samples, capped at 100 %): its gradient says \
             little of the neighbourhood",
            percent(indicators.variability),
            indicators.samples
        ));
    }
    for (name, fooled) in options.attacks.iter().zip(&indicators.unconstrained) {
        if *fooled < indicators.samples && !is_noise(name) {
            notices.push(format!(
                "{name} fools only {fooled} of {} samples when the whole box is allowed, where it should fool all: it fails \
                 for a reason other than robustness",
                indicators.samples
            ));
        }
    }
}

fn is_noise(attack: &str) -> bool {
    attack.split(':').next().is_some_and(|name| name == "noise" || name.ends_with("/noise"))
}

fn still_rising(tally: &Tally) -> bool {
    let mut best = f64::NEG_INFINITY;
    let rising: Vec<f64> = tally
        .trace
        .0
        .iter()
        .map(|s| {
            best = best.max(s.mean_loss);
            best
        })
        .collect();
    let n = rising.len();
    match (rising.first(), rising.last(), n.checked_sub(LAST + 1).and_then(|i| rising.get(i))) {
        // A short run has no last steps to speak of.
        (Some(first), Some(last), Some(before)) if n > 2 * LAST => last - before > SETTLED * (last - first),
        _ => false,
    }
}
