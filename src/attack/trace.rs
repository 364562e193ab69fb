//! The trace of every attack as comma-separated values, for plots.

use super::{AttackOptions, Evaluation};
use std::fmt::Write as _;

/// One line for each attack, ε and step: samples with a finite loss, their mean loss as the attack defines it, and the
/// best mean so far.
pub fn trace_csv(options: &AttackOptions, found: &Evaluation) -> String {
    let mut text = "attack,eps,step,samples,mean_loss,best_mean_loss\n".to_string();
    for (attack, tallies) in options.attacks.iter().zip(&found.attacks) {
        // Options contain commas; quotes never occur in names, but in values they may.
        let name = format!("\"{}\"", attack.replace('"', "\"\""));
        for tally in tallies {
            let mut best = f64::NEG_INFINITY;
            for step in &tally.trace.0 {
                best = best.max(step.mean_loss);
                // Writing to a String cannot fail.
                let _ = writeln!(
                    text,
                    "{name},{},{},{},{:e},{best:e}",
                    tally.epsilon, step.step, step.samples, step.mean_loss
                );
            }
        }
    }
    text
}
