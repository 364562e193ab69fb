//! Sharpness-aware minimisation: the gradient is taken where the loss is higher.
//!
//! w ← w + ρ·G/‖G‖, the gradient there, and back to the very bits of w. Running statistics follow the first pass alone,
//! adversarial examples and dropout masks are those of the first pass.
//!
//! Source: Foret, Kleiner, Mobahi and Neyshabur, *Sharpness-Aware Minimization*, ICLR 2021 (2010.01412), Algorithm 1,
//! without its approximation to larger devices (one ascent for each batch, m-sharpness with m = batch).

use hesse_core::vectors::{Block, VectorError, VectorSpace, norms};

/// The radius and room for the weights to come back to.
pub(super) struct Sharpness {
    radius: f64,
    origin: Block,
}

impl Sharpness {
    pub fn new(space: &dyn VectorSpace, radius: f64) -> Result<Self, VectorError> {
        Ok(Sharpness { radius, origin: space.zeros(1)? })
    }

    /// Moves the parameters up the gradient; false where it is zero, and nothing moved.
    pub fn climb(
        &mut self,
        space: &dyn VectorSpace,
        parameters: &mut Block,
        gradient: &Block,
    ) -> Result<bool, VectorError> {
        let length = norms(space, gradient.all())?.first().copied().unwrap_or(0.0);
        if !(length > 0.0 && length.is_finite()) {
            return Ok(false);
        }
        space.copy(parameters.all(), self.origin.all_mut())?;
        space.combine(parameters.all_mut(), 1.0, gradient.all(), &[self.radius / length])?;
        Ok(true)
    }

    /// Moves them back.
    pub fn return_to(&self, space: &dyn VectorSpace, parameters: &mut Block) -> Result<(), VectorError> {
        space.copy(self.origin.all(), parameters.all_mut())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hesse_core::host::HostSpace;
    use hesse_core::vectors::Precision;

    #[test]
    fn a_step_on_a_quadratic_is_the_one_computed_by_hand() {
        // f = (4x² + y²)/2 at (1, 2): g = (4, 2), ‖g‖ = √20; with ρ = √5 the ascent ends at (1 + 2, 2 + 1) = (3, 3),
        // where the gradient is (12, 3); with rate 0.1 the step from (1, 2) ends at (−0.2, 1.7).
        let space = HostSpace::new(2, Precision::F64);
        let [mut w, mut g] = [(); 2].map(|()| space.zeros(1).unwrap());
        space.write(&mut w, 0, &[1.0, 2.0]).unwrap();
        let gradient = |space: &HostSpace, at: &Block, to: &mut Block| {
            let at = space.read(at, 0).unwrap();
            space.write(to, 0, &[4.0 * at[0], at[1]]).unwrap();
        };
        gradient(&space, &w, &mut g);
        let mut sharpness = Sharpness::new(&space, 5f64.sqrt()).unwrap();
        assert!(sharpness.climb(&space, &mut w, &g).unwrap());
        let above = space.read(&w, 0).unwrap();
        assert!((above[0] - 3.0).abs() < 1e-14 && (above[1] - 3.0).abs() < 1e-14, "{above:?}");
        gradient(&space, &w, &mut g);
        sharpness.return_to(&space, &mut w).unwrap();
        assert_eq!(space.read(&w, 0).unwrap(), [1.0, 2.0]);
        space.combine(w.all_mut(), 1.0, g.all(), &[-0.1]).unwrap();
        let found = space.read(&w, 0).unwrap();
        assert!((found[0] + 0.2).abs() < 1e-14 && (found[1] - 1.7).abs() < 1e-14, "{found:?}");
    }

    #[test]
    fn at_a_stationary_point_nothing_moves() {
        let space = HostSpace::new(2, Precision::F64);
        let mut w = space.zeros(1).unwrap();
        let g = space.zeros(1).unwrap();
        assert!(!Sharpness::new(&space, 1.0).unwrap().climb(&space, &mut w, &g).unwrap());
    }
}
