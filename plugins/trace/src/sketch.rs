//! A growing sketch: probes Ω, an orthonormal basis Q of AΩ = QR, and the images AQ.
//!
//! Columns are orthogonalised one by one in two passes, so that the basis can grow and what is there stays. A column of
//! which nothing but rounding is left means that A has no other range than the sketch (to rounding): it adds no vector
//! to Q, and nothing more can be found. Inverting R all the same, as other tools do, divides by that rounding.

use crate::products::Products;
use crate::small::Small;
use hesse_core::estimate::EstimateError;
use hesse_core::estimate::complement::Complement;
use hesse_core::estimate::probes::{ProbeUse, gaussian, rademacher};
use hesse_core::operator::LinearOperator;
use hesse_core::vectors::{Block, VectorError, VectorSpace, View, norms};

/// In units of epsilon and of the column's length: what is left of a column below this is rounding.
const ROUNDING: f64 = 64.0;

/// How probes are distributed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Directions {
    /// Entries ±1, projected.
    Signs,
    /// Uniform on the sphere of radius √(free dimension) in the complement.
    Sphere,
}

/// See the module.
pub(crate) struct Sketch<'a> {
    complement: &'a Complement<'a>,
    directions: Directions,
    seed: u64,
    purpose: ProbeUse,
    block: usize,
    probes: Option<Block>,
    basis: Block,
    images: Option<Block>,
    /// Columns of R; each as long as the basis was.
    r: Vec<Vec<f64>>,
    rank: usize,
    exhausted: bool,
}

impl<'a> Sketch<'a> {
    /// Nothing drawn yet.
    pub fn new(
        complement: &'a Complement<'a>,
        directions: Directions,
        seed: u64,
        purpose: ProbeUse,
        block: usize,
    ) -> Self {
        Sketch {
            complement,
            directions,
            seed,
            purpose,
            block: block.max(1),
            probes: None,
            basis: Block::new(Box::new(()), complement.dimension(), 0),
            images: None,
            r: Vec::new(),
            rank: 0,
            exhausted: false,
        }
    }

    fn space(&self) -> &dyn VectorSpace {
        self.complement.space()
    }

    /// Probes drawn: q.
    pub fn probes(&self) -> usize {
        self.r.len()
    }
    /// Vectors in the basis: r ≤ q.
    pub fn rank(&self) -> usize {
        self.rank
    }
    /// Whether A has no range beyond the basis.
    pub fn is_exhausted(&self) -> bool {
        self.exhausted
    }
    /// Q.
    pub fn basis(&self) -> View<'_> {
        self.basis.view(0..self.rank)
    }
    /// AQ.
    pub fn images(&self) -> Option<View<'_>> {
        self.images.as_ref().map(|images| images.view(0..self.rank))
    }
    /// Ω.
    pub fn probe_vectors(&self) -> Option<View<'_>> {
        self.probes.as_ref().map(|probes| probes.view(0..self.r.len()))
    }

    /// Draws probes until there are `size`, at two products of `operator` each; whether it got there. Where it was
    /// interrupted, probes and basis are those whose images are known.
    pub fn grow(
        &mut self,
        operator: &dyn LinearOperator,
        size: usize,
        products: &mut Products<'_>,
    ) -> Result<bool, EstimateError> {
        while self.r.len() < size && !self.exhausted {
            if products.stopped() {
                return Ok(false);
            }
            let from = self.r.len();
            let count = self.block.min(size - from);
            let (before, rank) = (self.r.len(), self.rank);
            self.reserve(from + count)?;
            self.draw(from, count)?;
            let mut y = self.space().zeros(count)?;
            let Some(probes) = &self.probes else { return Ok(false) };
            if !products.apply(operator, probes.view(from..from + count), y.all_mut())? {
                return Ok(false);
            }
            for column in 0..count {
                self.orthogonalize(&y, column, products)?;
            }
            // Stopping between the two halves would leave vectors without images.
            if self.rank > rank {
                let new = rank..self.rank;
                let Some(images) = &mut self.images else { return Ok(false) };
                if !products.apply(operator, self.basis.view(new.clone()), images.view_mut(new))? {
                    self.r.truncate(before);
                    self.rank = rank;
                    self.exhausted = false;
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Makes room for `columns` of each.
    fn reserve(&mut self, columns: usize) -> Result<(), VectorError> {
        let space = self.complement.space();
        if self.probes.as_ref().is_some_and(|p| p.columns() >= columns) {
            return Ok(());
        }
        let room = columns.max(self.r.len() * 3 / 2);
        let enlarged = |old: Option<View<'_>>| -> Result<Block, VectorError> {
            let mut new = space.zeros(room)?;
            if let Some(old) = old.filter(|old| !old.is_empty()) {
                let count = old.len();
                space.copy(old, new.view_mut(0..count))?;
            }
            Ok(new)
        };
        let (probes, basis, images) = (
            enlarged(self.probe_vectors())?,
            enlarged((self.rank > 0).then(|| self.basis()))?,
            enlarged(self.images())?,
        );
        (self.probes, self.basis, self.images) = (Some(probes), basis, Some(images));
        Ok(())
    }

    fn draw(&mut self, from: usize, count: usize) -> Result<(), VectorError> {
        let space = self.complement.space();
        let mut fresh = space.zeros(count)?;
        match self.directions {
            Directions::Signs => rademacher(space, &mut fresh, self.seed, self.purpose, from..from + count)?,
            Directions::Sphere => gaussian(space, &mut fresh, self.seed, self.purpose, from..from + count)?,
        }
        self.complement.project(&mut fresh, 0..count)?;
        if self.directions == Directions::Sphere {
            let radius = (self.complement.free_dimension() as f64).sqrt();
            let factors: Vec<f64> =
                norms(space, fresh.all())?.iter().map(|n| radius / n.max(f64::MIN_POSITIVE)).collect();
            space.scale(fresh.all_mut(), &factors)?;
        }
        match &mut self.probes {
            Some(probes) => space.copy(fresh.all(), probes.view_mut(from..from + count)),
            None => Ok(()),
        }
    }

    /// Takes one image away from its parts in the basis, and adds what is left to it.
    fn orthogonalize(&mut self, y: &Block, column: usize, products: &Products<'_>) -> Result<(), EstimateError> {
        let space = self.complement.space();
        let mut work = space.zeros(1)?;
        space.copy(y.view(column..column + 1), work.all_mut())?;
        let length = products.finite(norms(space, work.all())?.first().copied().unwrap_or(0.0))?;
        let mut total = vec![0.0; self.rank];
        for _ in 0..2 {
            if self.rank == 0 {
                break;
            }
            let parts = space.gram(self.basis.view(0..self.rank), work.all())?;
            let taken: Vec<f64> = parts.iter().map(|c| -c).collect();
            space.combine(work.all_mut(), 1.0, self.basis.view(0..self.rank), &taken)?;
            total.iter_mut().zip(&parts).for_each(|(t, c)| *t += c);
        }
        let rest = norms(space, work.all())?.first().copied().unwrap_or(0.0);
        let free = self.rank < self.complement.free_dimension();
        if free && rest > ROUNDING * space.precision().epsilon() * length {
            space.scale(work.all_mut(), &[1.0 / rest])?;
            space.copy(work.all(), self.basis.view_mut(self.rank..self.rank + 1))?;
            total.push(rest);
            self.rank += 1;
        } else {
            self.exhausted = true;
        }
        self.r.push(total);
        Ok(())
    }

    /// qᵀAq for each basis vector.
    pub fn rayleigh_quotients(&self) -> Result<Vec<f64>, VectorError> {
        let space = self.complement.space();
        let Some(images) = &self.images else { return Ok(Vec::new()) };
        (0..self.rank)
            .map(|i| {
                let g = space.gram(self.basis.view(i..i + 1), images.view(i..i + 1))?;
                Ok(g.first().copied().unwrap_or(f64::NAN))
            })
            .collect()
    }

    /// R, r × q.
    pub fn triangle(&self) -> Small {
        Small::from_fn(self.rank, self.r.len(), |i, j| self.r.get(j).and_then(|c| c.get(i)).copied().unwrap_or(0.0))
    }

    /// Unit vectors s_i orthogonal to every column of R but the i-th, r × q: the direction that the basis loses without
    /// probe i. Zero where it loses none, because A has no range beyond the basis.
    pub fn lost_directions(&self) -> Small {
        let (r, q) = (self.rank, self.r.len());
        if self.exhausted || r < q {
            return Small::zeros(r, q);
        }
        let triangle = self.triangle();
        let mut s = Small::zeros(r, q);
        for i in 0..q {
            // Rᵀ s = e_i, from above; scaled as it grows, since only the direction counts.
            let mut column = vec![0.0; r];
            column[i] = 1.0;
            for k in i + 1..r {
                let sum: f64 = (i..k).map(|l| triangle.at(l, k) * column[l]).sum();
                column[k] = -sum / triangle.at(k, k);
                let size = column[k].abs();
                if size > 1e100 {
                    column.iter_mut().for_each(|v| *v /= size);
                }
            }
            let norm = column.iter().map(|v| v * v).sum::<f64>().sqrt();
            for (k, v) in column.iter().enumerate() {
                s.set(k, i, v / norm);
            }
        }
        s
    }
}
