//! What can be measured at a point: the loss, and how many samples are classified correctly.

use super::LandscapeError;

/// The loss at a point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Height {
    /// The mean loss; not a finite number where it overflows.
    pub loss: f64,
    /// Samples classified correctly.
    pub correct: usize,
}

/// Something with a height at every point.
pub(super) trait Surface {
    /// Points measured together. Results are the same bits for the same groups, so groups are never cut.
    fn group(&self) -> usize;

    /// The heights at some steps along the two directions, always measured from the centre.
    fn heights(&mut self, steps: &[[f64; 2]]) -> Result<Vec<Height>, LandscapeError>;
}
