//! Which class a targeted attack aims at.

use hesse_core::attack::losses;
use hesse_core::random::{Purpose, Stream};
use std::fmt;
use std::str::FromStr;

/// How targets are chosen. No target is ever the sample's own class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetRule {
    /// The class after the label's, the first after the last.
    Next,
    /// The class with the smallest logit at the clean sample: the hardest, mostly.
    LeastLikely,
    /// One drawn by the sample's position and the seed.
    Random,
    /// Every other class, each on its own; a sample is fooled where any is reached.
    All,
}

impl fmt::Display for TargetRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TargetRule::Next => "next",
            TargetRule::LeastLikely => "least-likely",
            TargetRule::Random => "random",
            TargetRule::All => "all",
        })
    }
}

impl FromStr for TargetRule {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "next" => Ok(TargetRule::Next),
            "least-likely" => Ok(TargetRule::LeastLikely),
            "random" => Ok(TargetRule::Random),
            "all" => Ok(TargetRule::All),
            _ => Err("expected next, least-likely, random or all".to_string()),
        }
    }
}

impl TargetRule {
    /// How many targets each sample has.
    pub fn rounds(self, classes: usize) -> usize {
        if self == TargetRule::All { classes.saturating_sub(1) } else { 1 }
    }

    /// The target of a sample in a round; nothing where there is no other class.
    pub fn target(self, round: usize, logits: &[f64], label: u32, index: usize, seed: u64) -> Option<u32> {
        let classes = logits.len() as u64;
        let after = |steps: u64| ((u64::from(label) + steps) % classes) as u32;
        match (self, classes) {
            (_, 0 | 1) => None,
            (TargetRule::Next, _) => Some(after(1)),
            (TargetRule::Random, _) => {
                let mut stream = Stream::new(seed, Purpose::AttackTarget, index as u64);
                Some(after(1 + stream.below(classes - 1)))
            }
            (TargetRule::All, _) => ((round as u64) < classes - 1).then(|| after(1 + round as u64)),
            (TargetRule::LeastLikely, _) => {
                // The rival of the turned logits is the smallest of the others.
                let turned: Vec<f64> = logits.iter().map(|z| -z).collect();
                losses::rival(&turned, label)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const Z: [f64; 4] = [0.1, 0.9, -0.5, -2.0];

    #[test]
    fn targets_are_other_classes_and_every_one_is_reached_by_all() {
        let of = |rule: TargetRule, round, label| rule.target(round, &Z, label, 7, 1).unwrap();
        assert_eq!((of(TargetRule::Next, 0, 1), of(TargetRule::Next, 0, 3)), (2, 0));
        assert_eq!((of(TargetRule::LeastLikely, 0, 1), of(TargetRule::LeastLikely, 0, 3)), (3, 2));
        let mut all: Vec<u32> = (0..TargetRule::All.rounds(4)).map(|r| of(TargetRule::All, r, 2)).collect();
        all.sort_unstable();
        assert_eq!(all, [0, 1, 3]);
        let drawn: std::collections::BTreeSet<u32> =
            (0..100).map(|i| TargetRule::Random.target(0, &Z, 1, i, 3).unwrap()).collect();
        assert_eq!(drawn.into_iter().collect::<Vec<_>>(), [0, 2, 3]);
        assert_eq!(TargetRule::Next.target(0, &[1.0], 0, 0, 0), None);
        for rule in [TargetRule::Next, TargetRule::LeastLikely, TargetRule::Random, TargetRule::All] {
            assert_eq!(rule.to_string().parse(), Ok(rule));
        }
    }
}
