//! What an adversary is allowed, and what it wants.

use std::fmt;
use std::str::FromStr;

/// How the size of a perturbation is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Norm {
    /// The largest change of any entry.
    Linf,
    /// The Euclidean length.
    L2,
    /// The sum of all changes.
    L1,
}

impl Norm {
    /// ‖d‖, accumulated in f64. Squares neither overflow nor vanish: gradients of a saturated softmax may be as small
    /// as 1e-300 and still have a direction. NaN where an entry is NaN.
    pub fn of(self, d: &[f64]) -> f64 {
        match self {
            Norm::Linf => {
                d.iter().fold(0.0, |m: f64, v| if m.is_nan() || v.is_nan() { f64::NAN } else { m.max(v.abs()) })
            }
            Norm::L2 => {
                let plain = d.iter().map(|v| v * v).sum::<f64>();
                // Within these bounds no square that matters was rounded to zero or infinity.
                if (1e-200..1e200).contains(&plain) || plain.is_nan() {
                    return plain.sqrt();
                }
                let largest = Norm::Linf.of(d);
                if largest == 0.0 || !largest.is_finite() {
                    return largest;
                }
                largest * d.iter().map(|v| (v / largest) * (v / largest)).sum::<f64>().sqrt()
            }
            Norm::L1 => d.iter().map(|v| v.abs()).sum(),
        }
    }

    /// The norm q for which |⟨d, g⟩| ≤ ‖d‖·‖g‖_q is sharp.
    pub fn dual(self) -> Norm {
        match self {
            Norm::Linf => Norm::L1,
            Norm::L2 => Norm::L2,
            Norm::L1 => Norm::Linf,
        }
    }
}

impl fmt::Display for Norm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Norm::Linf => "linf",
            Norm::L2 => "l2",
            Norm::L1 => "l1",
        })
    }
}

impl FromStr for Norm {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "linf" | "inf" => Ok(Norm::Linf),
            "l2" | "2" => Ok(Norm::L2),
            "l1" | "1" => Ok(Norm::L1),
            _ => Err(format!("norm '{text}': expected linf, l2 or l1")),
        }
    }
}

/// The norm, and the box that every input lies in, in the units of the network's input.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ThreatModel {
    /// How perturbations are measured.
    pub norm: Norm,
    /// The smallest value of an entry.
    pub lower: f64,
    /// The largest value of an entry.
    pub upper: f64,
}

/// What counts as success.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// Any class but the label.
    Untargeted,
    /// The label itself.
    Targeted,
}

impl Goal {
    /// Whether these logits of one sample reach it. Logits with NaN reach nothing.
    pub fn reached(self, logits: &[f64], label: u32) -> bool {
        super::losses::prediction(logits).is_some_and(|p| match self {
            Goal::Untargeted => p != label,
            Goal::Targeted => p == label,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_does_not_depend_on_the_unit() {
        for unit in [1e-300, 1e-8, 1.0, 1e8, 1e300] {
            let length = Norm::L2.of(&[3.0 * unit, -4.0 * unit]);
            assert!((length / (5.0 * unit) - 1.0).abs() < 1e-15, "{unit}: {length}");
        }
        assert_eq!(Norm::L2.of(&[0.0, 0.0]), 0.0);
        assert!(Norm::Linf.of(&[f64::NAN, 1.0]).is_nan() && Norm::L2.of(&[f64::NAN, 1.0]).is_nan());
    }
}
