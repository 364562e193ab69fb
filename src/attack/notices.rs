//! Signs that a network looks more robust than it is, or that an attack was stopped too early.
//!
//! Sources: the flags of AutoAttack; Carlini et al., *On Evaluating Adversarial Robustness*, 2019; Pintor et al.,
//! *Indicators of Attack Failure*, NeurIPS 2022 (progress in the last ten steps).

use super::{AttackOptions, Evaluation, Tally};
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
    if found.probabilities {
        notices.push(
            "the network's outputs are probabilities where attacks expect logits; a softmax hides its gradient".into(),
        );
    }
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
