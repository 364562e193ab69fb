//! The samples of one run, and what is refused before anything is computed.

use crate::attack::{AttackError, InputOracle, ThreatModel};

/// Samples to attack.
#[derive(Debug, Clone, Copy)]
pub struct SampleBatch<'a> {
    /// `N × D` row-major, inside the box.
    pub samples: &'a [f64],
    /// One per sample: the true class or, for a targeted goal, the class to reach.
    pub labels: &'a [u32],
    /// Position of each sample in its data set; random choices depend on it.
    pub indices: &'a [usize],
}

impl SampleBatch<'_> {
    /// Refuses samples outside the box (an attack on them would be outside the threat model from the start), labels
    /// that are no class, and lengths that do not fit.
    ///
    /// # Errors
    /// Naming the first sample or length that will not do.
    pub fn check(&self, oracle: &dyn InputOracle, threat: &ThreatModel) -> Result<(), AttackError> {
        let refuse = |what, expected: String, found: String| Err(AttackError::Request { what, expected, found });
        let dimension: usize = oracle.shape().iter().product();
        let n = self.labels.len();
        if self.samples.len() != n * dimension {
            return refuse("samples", format!("{n} × {dimension} entries"), self.samples.len().to_string());
        }
        if self.indices.len() != n {
            return refuse("indices", n.to_string(), self.indices.len().to_string());
        }
        for (i, row) in self.samples.chunks_exact(dimension.max(1)).enumerate() {
            if let Some(v) = row.iter().find(|v| !(threat.lower..=threat.upper).contains(*v)) {
                let place = format!("{v} in sample {}", self.indices.get(i).copied().unwrap_or(i));
                return refuse("input range", format!("entries from {} to {}", threat.lower, threat.upper), place);
            }
        }
        let classes = oracle.classes();
        match self.labels.iter().zip(self.indices).find(|(l, _)| **l as usize >= classes) {
            Some((l, i)) => refuse("labels", format!("classes below {classes}"), format!("{l} of sample {i}")),
            None => Ok(()),
        }
    }
}
