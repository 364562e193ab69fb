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
    /// ‖d‖, accumulated in f64.
    pub fn of(self, d: &[f64]) -> f64 {
        match self {
            Norm::Linf => d.iter().fold(0.0, |m, v| f64::max(m, v.abs())),
            Norm::L2 => d.iter().map(|v| v * v).sum::<f64>().sqrt(),
            Norm::L1 => d.iter().map(|v| v.abs()).sum(),
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
