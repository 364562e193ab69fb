//! The orthonormal basis V, the step that extends it by a block of products, and its contraction.
//!
//! Between steps `A V = V T + W C Eᵀ` holds, with W the next directions (orthonormal, orthogonal to V) and E the last
//! coordinates: as many as were multiplied last. With a block of one this is the Lanczos recurrence, and C is β. Each
//! product is orthogonalised against the whole basis by classical Gram–Schmidt done twice, as two block products per pass
//! ([`crate::orthogonal`]): one pass, or a three-term recurrence, invents copies of converged eigenvalues. What is left is
//! measured after the last pass.
//!
//! Decided against: selective and partial reorthogonalisation (they save vector work, which is a small part of a product
//! here) and modified Gram–Schmidt (one round trip to the device for each basis vector).

mod confirm;
mod saved;

pub use confirm::COMBINATIONS;
pub use saved::SavedBasis;

use crate::counted::{Counted, require_finite};
use crate::orthogonal::{Remainder, orthogonalize};
use crate::projected::{Projected, Ritz};
use hesse_core::eigen::SolverError;
use hesse_core::operator::LinearOperator;
use hesse_core::vectors::{Block, View, norms};
use std::time::Instant;

/// β below this power of epsilon times ‖A‖ is suspected of being rounding; see [`Basis::advance`].
const SUSPECT: f64 = 2.0 / 3.0;

/// Random directions tried before the basis is taken to span the space.
const MOST_DRAWS: usize = 4;

/// How much of a start from given vectors is random, so that what they lack can be found.
const RANDOM_PART: f64 = 0.1;

/// An orthonormal basis with its projected matrix.
pub struct Basis<'a> {
    /// The operator and what it was asked.
    pub counted: Counted<'a>,
    /// V, then the next directions.
    vectors: Block,
    /// The products, while they are orthogonalised.
    work: Block,
    /// The kept Ritz vectors, during a contraction.
    spare: Option<Block>,
    projected: Projected,
    capacity: usize,
    block: usize,
    size: usize,
    /// How many next directions there are: columns `size..size + pending`.
    pending: usize,
    /// How many of the newest vectors were multiplied last.
    newest: usize,
    /// C, `pending` × `newest`, column by column.
    coupling: Vec<f64>,
    /// Whether C belongs to the last vectors: not between a contraction and the next step.
    coupled: bool,
    /// Whether the recurrence has broken down, or may have.
    pub suspect: bool,
}

impl<'a> Basis<'a> {
    /// An empty basis with room for `capacity` vectors and one more block of directions.
    ///
    /// # Errors
    /// Where memory is short.
    pub fn new(
        operator: &'a dyn LinearOperator,
        capacity: usize,
        block: usize,
        seed: u64,
    ) -> Result<Self, SolverError> {
        let counted = Counted::new(operator, seed);
        let space = counted.space;
        let block = block.clamp(1, capacity.max(1));
        Ok(Basis {
            vectors: space.zeros(capacity + block)?,
            work: space.zeros(block)?,
            counted,
            spare: None,
            projected: Projected::default(),
            capacity,
            block,
            size: 0,
            pending: 0,
            newest: 0,
            coupling: Vec::new(),
            coupled: false,
            suspect: false,
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

    /// Vectors multiplied at once.
    pub fn block(&self) -> usize {
        self.block
    }

    /// How many products the next step takes.
    pub fn next(&self) -> usize {
        match self.pending {
            0 => self.block.min(self.counted.space.dimension() - self.size).max(1),
            pending => pending,
        }
    }

    /// Whether there is no room left for another step.
    pub fn is_full(&self) -> bool {
        self.size + self.next() > self.capacity || self.size == self.capacity
    }

    /// Whether the basis is the whole space.
    pub fn spans(&self) -> bool {
        self.size == self.counted.space.dimension()
    }

    /// Whether the basis is invariant under A (to rounding), so that no next direction follows from it.
    pub fn is_invariant(&self) -> bool {
        self.pending == 0
    }

    /// The machine epsilon of the vectors.
    pub fn epsilon(&self) -> f64 {
        self.counted.epsilon()
    }

    /// ‖Ay − θy‖ of a Ritz pair by the recurrence, ‖C s‖ with s the last coefficients. It is known after
    /// [`Basis::advance`], until the basis is changed otherwise; then this is ‖A‖, which bounds it.
    pub fn estimate(&self, ritz: &Ritz, index: usize) -> f64 {
        if !self.coupled {
            return self.counted.norm;
        }
        self.tail(ritz, index).iter().map(|c| c * c).sum::<f64>().sqrt()
    }

    /// C s of a Ritz pair: the coordinates of its residual in the next directions.
    fn tail(&self, ritz: &Ritz, index: usize) -> Vec<f64> {
        let column = ritz.column(index);
        let last = &column[column.len().saturating_sub(self.newest)..];
        let entry = |i: usize, j: usize| self.coupling[i + j * self.pending];
        (0..self.pending).map(|i| last.iter().enumerate().map(|(j, s)| entry(i, j) * s).sum()).collect()
    }

    /// Eigenpairs of T.
    ///
    /// # Errors
    /// As [`Projected::eigen`].
    pub fn ritz(&mut self) -> Result<Ritz, SolverError> {
        let ritz = self.projected.eigen(self.size)?;
        self.counted.observe_values(&ritz.values);
        Ok(ritz)
    }

    /// Begins with directions in the span of these vectors, dealt out to the columns of the block, with a tenth of random
    /// ones. No product.
    ///
    /// # Errors
    /// Where block arithmetic fails.
    pub fn begin_with(&mut self, initial: View<'_>) -> Result<(), SolverError> {
        let space = self.counted.space;
        // Unit lengths first, so that no vector drowns another.
        let mut units = space.zeros(initial.len())?;
        space.copy(initial, units.all_mut())?;
        let lengths = norms(space, units.all())?;
        let inverse = |l: &f64| if *l > 0.0 && l.is_finite() { 1.0 / l } else { 0.0 };
        space.scale(units.all_mut(), &lengths.iter().map(inverse).collect::<Vec<_>>())?;
        for column in 0..self.block.min(space.dimension()) {
            self.counted.draw(&mut self.work, column)?;
            let dealt: Vec<f64> =
                (0..units.columns()).map(|i| if i % self.block == column { 1.0 } else { 0.0 }).collect();
            let length = dealt.iter().sum::<f64>().sqrt();
            if length == 0.0 {
                continue;
            }
            space.combine(self.work.view_mut(column..column + 1), RANDOM_PART * length, units.all(), &dealt)?;
            let whole = norms(space, self.work.view(column..column + 1))?.first().copied().unwrap_or(0.0);
            if whole > 0.0 {
                space.scale(self.work.view_mut(column..column + 1), &[1.0 / whole])?;
            }
        }
        self.forget_directions();
        for column in 0..self.block.min(space.dimension()) {
            let rest = self.orthogonalize(column, self.size + self.pending, 1.0)?;
            self.adopt(column, &rest)?;
        }
        self.uncouple();
        Ok(())
    }

    /// Makes sure that there are next directions: draws them at random if none follows from the recurrence. False where
    /// nothing is left to draw. No product.
    ///
    /// # Errors
    /// Where block arithmetic fails.
    pub fn prepare(&mut self) -> Result<bool, SolverError> {
        if self.pending > 0 {
            return Ok(true);
        }
        if self.spans() {
            return Ok(false);
        }
        let wanted = self.next().min(self.capacity - self.size).max(1);
        let mut failures = 0;
        while self.pending < wanted && failures < MOST_DRAWS {
            self.counted.draw(&mut self.work, 0)?;
            let rest = self.orthogonalize(0, self.size + self.pending, 1.0)?;
            if !self.adopt(0, &rest)? {
                failures += 1;
            }
        }
        // A random direction owes nothing to the recurrence.
        self.uncouple();
        Ok(self.pending > 0)
    }

    /// Keeps at most so many of the next directions: for a budget that is less than a block.
    pub fn shorten(&mut self, most: usize) {
        self.pending = self.pending.min(most.max(1));
        self.uncouple();
    }

    /// Replaces the next directions by random ones at the next [`Basis::prepare`].
    pub fn forget_directions(&mut self) {
        self.pending = 0;
        self.uncouple();
    }

    fn uncouple(&mut self) {
        self.newest = self.newest.min(self.size);
        self.coupling = vec![0.0; self.pending * self.newest];
        self.coupled = false;
    }

    /// Multiplies the next directions, appends them to V and orthogonalises the products into the directions after them.
    /// [`Basis::next`] products.
    ///
    /// The recurrence has broken down where β ≤ 64·eps·‖A‖; `<=`, because β is zero for a zero operator. It *may* have
    /// where β ≤ eps^⅔·‖A‖ (200 eps in f32): a small β earlier multiplies the rounding of later ones by its inverse. Such
    /// a direction is as good as any, and is kept, but the basis is marked as suspect. In a block, β is what is left of a
    /// product after its own block's.
    ///
    /// # Errors
    /// Where the product fails or is not finite.
    pub fn advance(&mut self) -> Result<(), SolverError> {
        let (first, count) = (self.size, self.pending);
        let before = self.counted.statistics.products;
        self.counted.apply(self.vectors.view(first..first + count), self.work.view_mut(0..count))?;
        self.size += count;
        self.pending = 0;
        let (size, spans) = (self.size, self.spans());
        let mut coupling = vec![vec![0.0; count]; count];
        let mut doubtful = false;
        #[allow(clippy::needless_range_loop)] // j is a column of the block first of all
        for j in 0..count {
            let adopted = self.pending;
            let rest = self.orthogonalize(j, size + adopted, self.counted.norm)?;
            let figures = [rest.norm, rest.before()];
            require_finite(&figures, figures.len(), before + j)?;
            let (inside, beyond) = rest.coefficients.split_at(size);
            for (i, &c) in inside.iter().enumerate() {
                self.projected.set(i, first + j, c);
            }
            coupling[j][..adopted].copy_from_slice(beyond);
            self.counted.norm = self.counted.norm.max(rest.before());
            if spans {
                continue;
            }
            doubtful |= rest.norm <= rest.floor.max(self.epsilon().powf(SUSPECT) * self.counted.norm);
            if self.adopt(j, &rest)? {
                coupling[j][adopted] = rest.norm;
            }
        }
        self.newest = count;
        self.coupled = true;
        let pending = self.pending;
        self.coupling = coupling.iter().flat_map(|column| column[..pending].iter().copied()).collect();
        let statistics = &mut self.counted.statistics;
        statistics.basis_size = statistics.basis_size.max(self.size);
        if !spans && pending == 0 {
            statistics.breakdowns += 1;
        }
        self.suspect |= doubtful;
        Ok(())
    }

    fn orthogonalize(&mut self, column: usize, count: usize, scale: f64) -> Result<Remainder, SolverError> {
        Ok(orthogonalize(&mut self.counted, &self.vectors, count, &mut self.work, column, scale)?)
    }

    /// Makes a work vector the next direction but those there are, unless nothing but rounding is left of it.
    fn adopt(&mut self, column: usize, rest: &Remainder) -> Result<bool, SolverError> {
        if !rest.is_direction() || self.pending == self.block {
            return Ok(false);
        }
        let (space, to) = (self.counted.space, self.size + self.pending);
        space.scale(self.work.view_mut(column..column + 1), &[1.0 / rest.norm])?;
        space.copy(self.work.view(column..column + 1), self.vectors.view_mut(to..to + 1))?;
        self.pending += 1;
        Ok(true)
    }

    /// Writes the Ritz vectors `V S` of these indices to the first columns of `to`. No product.
    ///
    /// # Errors
    /// Where block arithmetic fails.
    pub fn ritz_vectors(&self, ritz: &Ritz, indices: &[usize], to: &mut Block) -> Result<(), SolverError> {
        let from = self.vectors.view(0..self.size);
        Ok(self.counted.space.combine(to.view_mut(0..indices.len()), 0.0, from, &ritz.columns(indices))?)
    }

    /// Contracts V to the Ritz vectors of these indices, in this order; T becomes diagonal and the next directions stay
    /// (their coupling to the kept vectors is measured by the next step). No product.
    ///
    /// # Errors
    /// Where block arithmetic fails.
    pub fn contract(&mut self, ritz: &Ritz, indices: &[usize]) -> Result<(), SolverError> {
        let start = Instant::now();
        let (kept, pending, space) = (indices.len(), self.pending, self.counted.space);
        let mut spare = match self.spare.take() {
            Some(spare) if spare.columns() >= kept => spare,
            _ => space.zeros(kept)?,
        };
        self.ritz_vectors(ritz, indices, &mut spare)?;
        if pending > 0 {
            space.copy(self.vectors.view(self.size..self.size + pending), self.work.view_mut(0..pending))?;
            space.copy(self.work.view(0..pending), self.vectors.view_mut(kept..kept + pending))?;
        }
        space.copy(spare.view(0..kept), self.vectors.view_mut(0..kept))?;
        self.spare = Some(spare);
        self.projected.set_diagonal(indices.iter().filter_map(|&i| ritz.values.get(i).copied()));
        self.size = kept;
        self.uncouple();
        self.counted.statistics.orthogonalization_seconds += start.elapsed().as_secs_f64();
        Ok(())
    }

    /// Overwrites the first vectors by better ones (of the same span, to rounding) whose projected matrix was measured,
    /// and goes on along the columns `along` of `directions`, longest first, as many as a block holds. No product.
    ///
    /// # Errors
    /// Where block arithmetic fails.
    pub fn replace(
        &mut self,
        better: &Block,
        measured: &[f64],
        directions: &Block,
        along: &[(usize, f64)],
    ) -> Result<(), SolverError> {
        let (k, space) = (better.columns(), self.counted.space);
        space.copy(better.all(), self.vectors.view_mut(0..k))?;
        for j in 0..k {
            for i in 0..=j {
                self.projected.set(i, j, 0.5 * (measured[i + j * k] + measured[j + i * k]));
            }
        }
        self.forget_directions();
        for &(column, length) in along.iter().take(self.block).filter(|(_, length)| *length > 0.0) {
            space.copy(directions.view(column..column + 1), self.work.view_mut(0..1))?;
            space.scale(self.work.view_mut(0..1), &[1.0 / length])?;
            let rest = self.orthogonalize(0, self.size + self.pending, 1.0)?;
            self.adopt(0, &rest)?;
        }
        self.uncouple();
        Ok(())
    }

    /// Forgets V and begins anew with the first columns of these vectors as directions, as many as a block holds. No
    /// product.
    ///
    /// # Errors
    /// Where block arithmetic fails.
    pub fn restart_with(&mut self, vectors: &Block) -> Result<(), SolverError> {
        self.size = 0;
        self.projected.set_diagonal(std::iter::empty());
        self.forget_directions();
        for column in 0..vectors.columns().min(self.block) {
            self.counted.space.copy(vectors.view(column..column + 1), self.work.view_mut(0..1))?;
            let rest = self.orthogonalize(0, self.pending, 1.0)?;
            self.adopt(0, &rest)?;
        }
        self.uncouple();
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
        let (m, space) = (basis.size, basis.counted.space);
        let all = m + basis.pending;
        let gram = space.gram(basis.vectors.view(0..all), basis.vectors.view(0..all)).unwrap();
        let unit = |at: usize| if at % all == at / all { 1.0 } else { 0.0 };
        let orthogonality = gram.iter().enumerate().fold(0.0f64, |d, (at, g)| d.max((g - unit(at)).abs()));
        let mut image = space.zeros(m).unwrap();
        basis.counted.operator.apply(basis.vectors.view(0..m), image.all_mut()).unwrap();
        let mut t = vec![0.0; all * m];
        for j in 0..m {
            for i in 0..m {
                t[i + j * all] = -basis.projected.get(i, j);
            }
        }
        for j in 0..basis.newest {
            for i in 0..basis.pending {
                t[m + i + (m - basis.newest + j) * all] = -basis.coupling[i + j * basis.pending];
            }
        }
        space.combine(image.all_mut(), 1.0, basis.vectors.view(0..all), &t).unwrap();
        (orthogonality, norms(space, image.all()).unwrap().into_iter().fold(0.0, f64::max))
    }

    #[test]
    fn the_recurrence_holds_before_and_after_restarts() {
        let n = 120;
        for (precision, block) in [(Precision::F32, 1), (Precision::F64, 1), (Precision::F32, 4), (Precision::F64, 4)] {
            let bound = 20.0;
            let operator = HostOperator::new(n, precision, |x: &[f64]| {
                (0..n).map(|i| 2.0 * x[i] - x[(i + 1) % n] - x[(i + n - 1) % n] + x[i] * i as f64 / 60.0).collect()
            });
            let mut basis = Basis::new(&operator, 12, block, 3).unwrap();
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
            assert_eq!(basis.counted.statistics.products, 12 + 3 * 8);
        }
    }

    #[test]
    fn a_basis_grows_to_the_whole_space_and_no_further() {
        let operator = HostOperator::new(6, Precision::F64, |x: &[f64]| x.iter().map(|v| 3.0 * v).collect());
        let mut basis = Basis::new(&operator, 6, 1, 0).unwrap();
        while basis.prepare().unwrap() {
            basis.advance().unwrap();
        }
        assert!(basis.spans() && basis.is_full());
        assert_eq!(basis.counted.statistics.breakdowns, 5);
        assert!(basis.ritz().unwrap().values.iter().all(|v| (v - 3.0).abs() < 1e-14));
    }
}
