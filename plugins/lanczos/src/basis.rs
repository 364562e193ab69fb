//! The orthonormal basis V, the step that extends it by one product, and its contraction.
//!
//! Between steps `A V = V T + β v eᵀ` holds, with v the next direction (unit, orthogonal to V) and e the last
//! coordinate. Each product is orthogonalised against the whole basis by classical Gram–Schmidt done twice, as two block
//! products per pass (Giraud, Langou, Rozložník, *The loss of orthogonality in the Gram–Schmidt process*, 2005): one
//! pass, or a three-term recurrence, invents copies of converged eigenvalues. β is the norm after the last pass.
//!
//! Decided against: selective and partial reorthogonalisation (they save vector work, which is a small part of a product
//! here) and modified Gram–Schmidt (one round trip to the device for each basis vector).

use crate::projected::{Projected, Ritz};
use hesse_core::eigen::{EigenStatistics, SolverError};
use hesse_core::operator::LinearOperator;
use hesse_core::random::{Purpose, Stream};
use hesse_core::vectors::{Block, VectorError, VectorSpace, norms};
use std::time::Instant;

/// Passes of Gram–Schmidt at most. Two suffice unless a vector is nothing but rounding inside the span.
const MOST_PASSES: usize = 4;

/// β below this power of epsilon times ‖A‖ is suspected of being rounding; see [`Basis::advance`].
const SUSPECT: f64 = 2.0 / 3.0;

/// Random directions tried before the basis is taken to span the space.
const MOST_DRAWS: usize = 4;

/// An orthonormal basis with its projected matrix.
pub(crate) struct Basis<'a> {
    pub operator: &'a dyn LinearOperator,
    pub space: &'a dyn VectorSpace,
    /// V, then the next direction.
    vectors: Block,
    /// The product, while it is orthogonalised.
    work: Block,
    /// The kept Ritz vectors, during a contraction.
    spare: Option<Block>,
    pub projected: Projected,
    capacity: usize,
    size: usize,
    /// β, and whether column `size` holds the next direction.
    coupling: f64,
    ready: bool,
    seed: u64,
    draws: u64,
    /// The largest ‖Av‖ and |θ| seen: a lower bound on ‖A‖, for the breakdown test.
    norm: f64,
    /// Whether the recurrence has broken down, or may have.
    pub suspect: bool,
    pub statistics: EigenStatistics,
}

/// A vector after orthogonalisation.
struct Remainder {
    /// What was taken away along each basis vector.
    coefficients: Vec<f64>,
    /// The norm of what is left.
    norm: f64,
    /// Below this, what is left is rounding.
    floor: f64,
}

impl<'a> Basis<'a> {
    /// An empty basis with room for `capacity` vectors and one more direction.
    ///
    /// # Errors
    /// Where memory is short.
    pub fn new(operator: &'a dyn LinearOperator, capacity: usize, seed: u64) -> Result<Self, SolverError> {
        let space = operator.space();
        Ok(Basis {
            operator,
            space,
            vectors: space.zeros(capacity + 1)?,
            work: space.zeros(1)?,
            spare: None,
            projected: Projected::default(),
            capacity,
            size: 0,
            coupling: 0.0,
            ready: false,
            seed,
            draws: 0,
            norm: 0.0,
            suspect: false,
            statistics: EigenStatistics {
                largest_ritz: f64::NEG_INFINITY,
                smallest_ritz: f64::INFINITY,
                ..EigenStatistics::default()
            },
        })
    }

    /// Vectors held and multiplied: the order of T.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Vectors that there is room for.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Whether there is no room left.
    pub fn is_full(&self) -> bool {
        self.size == self.capacity
    }

    /// Whether the basis is the whole space.
    pub fn spans(&self) -> bool {
        self.size == self.space.dimension()
    }

    /// Whether the basis is invariant under A (to rounding), so that no next direction follows from it.
    pub fn is_invariant(&self) -> bool {
        !self.ready
    }

    /// The machine epsilon of the vectors.
    pub fn epsilon(&self) -> f64 {
        self.space.precision().epsilon()
    }

    /// ‖Ay − θy‖ of a Ritz pair by the recurrence, β·|last coefficient|. Valid right after [`Basis::advance`].
    pub fn estimate(&self, ritz: &Ritz, index: usize) -> f64 {
        self.coupling * ritz.last(index).abs()
    }

    /// Eigenpairs of T.
    ///
    /// # Errors
    /// As [`Projected::eigen`].
    pub fn ritz(&mut self) -> Result<Ritz, SolverError> {
        let ritz = self.projected.eigen(self.size)?;
        self.observe_values(&ritz.values);
        Ok(ritz)
    }

    /// Notes eigenvalue estimates for the norm and the extremes.
    pub fn observe_values(&mut self, values: &[f64]) {
        let s = &mut self.statistics;
        for &value in values {
            s.norm_estimate = s.norm_estimate.max(value.abs());
            s.largest_ritz = s.largest_ritz.max(value);
            s.smallest_ritz = s.smallest_ritz.min(value);
        }
        self.norm = self.norm.max(s.norm_estimate);
    }

    /// Makes sure that there is a next direction: draws one at random if none follows from the recurrence. False where
    /// nothing is left to draw. No product.
    ///
    /// # Errors
    /// Where block arithmetic fails.
    pub fn prepare(&mut self) -> Result<bool, SolverError> {
        if self.ready {
            return Ok(true);
        }
        if self.spans() {
            return Ok(false);
        }
        let n = self.space.dimension();
        for _ in 0..MOST_DRAWS {
            let mut stream = Stream::new(self.seed, Purpose::StartVector, self.draws);
            self.draws += 1;
            let values: Vec<f64> = (0..n).map(|_| stream.normal()).collect();
            let length = values.iter().map(|v| v * v).sum::<f64>().sqrt();
            self.space.write(&mut self.work, 0, &values)?;
            self.space.scale(self.work.all_mut(), &[1.0 / length])?;
            let rest = self.orthogonalize(self.size, 1.0)?;
            if self.adopt(&rest)? {
                // A random direction owes nothing to the recurrence.
                self.coupling = 0.0;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Replaces the next direction by a random one at the next [`Basis::prepare`].
    pub fn forget_direction(&mut self) {
        self.ready = false;
        self.coupling = 0.0;
    }

    /// Multiplies the next direction, appends it to V and orthogonalises the product into the direction after it. One
    /// product.
    ///
    /// The recurrence has broken down where β ≤ 64·eps·‖A‖; `<=`, because β is zero for a zero operator. It *may* have
    /// where β ≤ eps^⅔·‖A‖ (200 eps in f32): a small β earlier multiplies the rounding of later ones by its inverse. Such
    /// a direction is as good as any, and is kept, but the basis is marked as suspect.
    ///
    /// # Errors
    /// Where the product fails or is not finite.
    pub fn advance(&mut self) -> Result<(), SolverError> {
        let new = self.size;
        let start = Instant::now();
        self.operator.apply(self.vectors.view(new..new + 1), self.work.all_mut())?;
        self.statistics.product_seconds += start.elapsed().as_secs_f64();
        self.statistics.products += 1;

        let rest = self.orthogonalize(new + 1, self.norm)?;
        if !(rest.norm.is_finite() && rest.coefficients.iter().all(|c| c.is_finite())) {
            return Err(SolverError::NotFinite { product: self.statistics.products });
        }
        for (i, &c) in rest.coefficients.iter().enumerate() {
            self.projected.set(i, new, c);
        }
        let length = rest.coefficients.iter().fold(rest.norm * rest.norm, |s, c| s + c * c).sqrt();
        self.norm = self.norm.max(length);
        self.size += 1;
        self.statistics.basis_size = self.statistics.basis_size.max(self.size);
        if self.spans() {
            self.forget_direction();
            return Ok(());
        }
        if !self.adopt(&rest)? {
            self.forget_direction();
            self.statistics.breakdowns += 1;
        }
        self.suspect |= rest.norm <= rest.floor.max(self.epsilon().powf(SUSPECT) * self.norm);
        Ok(())
    }

    /// Takes the work vector away from its parts along the first `count` basis vectors. `scale` is a lower bound on the
    /// size that the vector had, or could have had, and fixes what counts as rounding.
    fn orthogonalize(&mut self, count: usize, scale: f64) -> Result<Remainder, SolverError> {
        let start = Instant::now();
        let mut total = vec![0.0; count];
        let mut floor = 64.0 * self.epsilon() * scale;
        let mut norm = 0.0;
        if count == 0 {
            norm = self.work_norm()?;
        } else {
            for pass in 0..MOST_PASSES {
                let c = self.space.gram(self.vectors.view(0..count), self.work.all())?;
                let taken: Vec<f64> = c.iter().map(|c| -c).collect();
                self.space.combine(self.work.all_mut(), 1.0, self.vectors.view(0..count), &taken)?;
                total.iter_mut().zip(&c).for_each(|(t, c)| *t += c);
                self.statistics.inner_products += count;
                self.statistics.orthogonalizations += 1;
                let removed = c.iter().map(|c| c * c).sum::<f64>().sqrt();
                floor = floor.max(64.0 * self.epsilon() * removed);
                if pass == 0 {
                    continue;
                }
                norm = self.work_norm()?;
                // Go on only where this pass still took most of the vector and something worth keeping is left.
                if removed <= norm || norm <= floor || !norm.is_finite() {
                    break;
                }
            }
        }
        self.statistics.orthogonalization_seconds += start.elapsed().as_secs_f64();
        Ok(Remainder { coefficients: total, norm, floor })
    }

    fn work_norm(&mut self) -> Result<f64, VectorError> {
        self.statistics.inner_products += 1;
        Ok(norms(self.space, self.work.all())?.first().copied().unwrap_or(0.0))
    }

    /// Makes the work vector the next direction, unless nothing but rounding is left of it.
    fn adopt(&mut self, rest: &Remainder) -> Result<bool, SolverError> {
        if rest.norm <= rest.floor {
            return Ok(false);
        }
        self.space.scale(self.work.all_mut(), &[1.0 / rest.norm])?;
        self.space.copy(self.work.all(), self.vectors.view_mut(self.size..self.size + 1))?;
        self.coupling = rest.norm;
        self.ready = true;
        Ok(true)
    }

    /// Writes the Ritz vectors `V S` of these indices to the first columns of `to`. No product.
    ///
    /// # Errors
    /// Where block arithmetic fails.
    pub fn ritz_vectors(&self, ritz: &Ritz, indices: &[usize], to: &mut Block) -> Result<(), SolverError> {
        let from = self.vectors.view(0..self.size);
        Ok(self.space.combine(to.view_mut(0..indices.len()), 0.0, from, &ritz.columns(indices))?)
    }

    /// Contracts V to the Ritz vectors of these indices, in this order; T becomes diagonal and the next direction stays
    /// (its coupling to the kept vectors is measured by the next step). No product.
    ///
    /// # Errors
    /// Where block arithmetic fails.
    pub fn contract(&mut self, ritz: &Ritz, indices: &[usize]) -> Result<(), SolverError> {
        let start = Instant::now();
        let kept = indices.len();
        let mut spare = match self.spare.take() {
            Some(spare) if spare.columns() >= kept => spare,
            _ => self.space.zeros(kept)?,
        };
        self.ritz_vectors(ritz, indices, &mut spare)?;
        if self.ready {
            self.space.copy(self.vectors.view(self.size..self.size + 1), self.work.all_mut())?;
            self.space.copy(self.work.all(), self.vectors.view_mut(kept..kept + 1))?;
        }
        self.space.copy(spare.view(0..kept), self.vectors.view_mut(0..kept))?;
        self.spare = Some(spare);
        self.projected.set_diagonal(indices.iter().filter_map(|&i| ritz.values.get(i).copied()));
        self.size = kept;
        self.statistics.orthogonalization_seconds += start.elapsed().as_secs_f64();
        Ok(())
    }

    /// Overwrites the first vectors by better ones (of the same span, to rounding) whose projected matrix was measured,
    /// and goes on with `direction` orthogonalised. No product.
    ///
    /// # Errors
    /// Where block arithmetic fails.
    pub fn replace(
        &mut self,
        better: &Block,
        measured: &[f64],
        direction: (&Block, usize),
        length: f64,
    ) -> Result<(), SolverError> {
        let k = better.columns();
        self.space.copy(better.all(), self.vectors.view_mut(0..k))?;
        for j in 0..k {
            for i in 0..=j {
                self.projected.set(i, j, 0.5 * (measured[i + j * k] + measured[j + i * k]));
            }
        }
        self.forget_direction();
        self.space.copy(direction.0.view(direction.1..direction.1 + 1), self.work.all_mut())?;
        self.space.scale(self.work.all_mut(), &[1.0 / length])?;
        let rest = self.orthogonalize(self.size, 1.0)?;
        self.adopt(&rest)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hesse_core::host::HostOperator;
    use hesse_core::vectors::Precision;

    /// ‖VᵀV − I‖ and ‖AV − VT − βveᵀ‖, as largest entry and largest column.
    fn defects(basis: &Basis<'_>) -> (f64, f64) {
        let (m, space) = (basis.size, basis.space);
        let gram = space.gram(basis.vectors.view(0..m + 1), basis.vectors.view(0..m + 1)).unwrap();
        let unit = |at: usize| if at % (m + 1) == at / (m + 1) { 1.0 } else { 0.0 };
        let orthogonality = gram.iter().enumerate().fold(0.0f64, |d, (at, g)| d.max((g - unit(at)).abs()));
        let mut image = space.zeros(m).unwrap();
        basis.operator.apply(basis.vectors.view(0..m), image.all_mut()).unwrap();
        let mut t = vec![0.0; (m + 1) * m];
        for j in 0..m {
            for i in 0..m {
                t[i + j * (m + 1)] = -basis.projected.get(i, j);
            }
        }
        t[m + (m - 1) * (m + 1)] = -basis.coupling;
        space.combine(image.all_mut(), 1.0, basis.vectors.view(0..m + 1), &t).unwrap();
        (orthogonality, norms(space, image.all()).unwrap().into_iter().fold(0.0, f64::max))
    }

    #[test]
    fn the_recurrence_holds_before_and_after_restarts() {
        let n = 120;
        for (precision, bound) in [(Precision::F32, 20.0), (Precision::F64, 20.0)] {
            let operator = HostOperator::new(n, precision, |x: &[f64]| {
                (0..n).map(|i| 2.0 * x[i] - x[(i + 1) % n] - x[(i + n - 1) % n] + x[i] * i as f64 / 60.0).collect()
            });
            let mut basis = Basis::new(&operator, 12, 3).unwrap();
            for _ in 0..4 {
                while !basis.is_full() {
                    assert!(basis.prepare().unwrap());
                    basis.advance().unwrap();
                    let (orthogonality, relation) = defects(&basis);
                    assert!(orthogonality < bound * precision.epsilon(), "{precision}: {orthogonality}");
                    assert!(relation < bound * precision.epsilon() * 6.0, "{precision}: {relation}");
                }
                let ritz = basis.ritz().unwrap();
                basis.contract(&ritz, &[11, 10, 9, 0]).unwrap();
            }
            assert_eq!(basis.statistics.products, 12 + 3 * 8);
        }
    }

    #[test]
    fn a_basis_grows_to_the_whole_space_and_no_further() {
        let operator = HostOperator::new(6, Precision::F64, |x: &[f64]| x.iter().map(|v| 3.0 * v).collect());
        let mut basis = Basis::new(&operator, 6, 0).unwrap();
        while basis.prepare().unwrap() {
            basis.advance().unwrap();
        }
        assert!(basis.spans() && basis.is_full());
        assert_eq!(basis.statistics.breakdowns, 5);
        assert!(basis.ritz().unwrap().values.iter().all(|v| (v - 3.0).abs() < 1e-14));
    }
}
