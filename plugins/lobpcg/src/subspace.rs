//! The subspace [X P W] with its products, and the step to the next X and P.

use hesse_core::eigen::SolverError;
use hesse_core::vectors::Block;
use hesse_solver_tools::counted::Counted;
use hesse_solver_tools::measured::rayleigh_ritz;
use hesse_solver_tools::projected::Ritz;

/// An orthonormal basis and its products, X first, then P, then W.
pub(crate) struct Subspace {
    /// The basis.
    pub basis: Block,
    /// Its products.
    pub images: Block,
    /// The next ones, while they are formed.
    spare: (Block, Block),
    /// Columns of X.
    pub x: usize,
    /// Columns of P.
    pub p: usize,
    /// Columns of all three.
    pub size: usize,
    /// Ritz values of X.
    pub values: Vec<f64>,
}

/// Which Ritz pairs X holds: so many largest, largest first, then so many smallest, smallest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ends {
    pub largest: usize,
    pub smallest: usize,
}

impl Ends {
    pub fn count(self) -> usize {
        self.largest + self.smallest
    }
    fn indices(self, available: usize) -> Vec<usize> {
        let largest = self.largest.min(available);
        let smallest = self.smallest.min(available - largest);
        (0..largest).map(|i| available - 1 - i).chain(0..smallest).collect()
    }
}

impl Subspace {
    /// Room for three blocks of `width`.
    pub fn new(counted: &Counted<'_>, width: usize) -> Result<Self, SolverError> {
        let space = counted.space;
        let zeros = || space.zeros(3 * width);
        Ok(Subspace {
            basis: zeros()?,
            images: zeros()?,
            spare: (space.zeros(2 * width)?, space.zeros(2 * width)?),
            x: 0,
            p: 0,
            size: 0,
            values: Vec::new(),
        })
    }

    /// Rayleigh–Ritz over the whole; X becomes its best vectors and P the directions in which they moved.
    pub fn contract(&mut self, counted: &mut Counted<'_>, ends: Ends) -> Result<(), SolverError> {
        let (space, size) = (counted.space, self.size);
        let ritz = rayleigh_ritz(counted, self.basis.view(0..size), self.images.view(0..size))?;
        let indices = ends.indices(size);
        self.values = indices.iter().filter_map(|&i| ritz.values.get(i).copied()).collect();
        let directions = directions(&ritz, &indices, self.x);
        let (x, p) = (indices.len(), directions.len());
        let coefficients: Vec<f64> =
            ritz.columns(&indices).into_iter().chain(directions.into_iter().flatten()).collect();
        for (from, to) in [(&mut self.basis, &mut self.spare.0), (&mut self.images, &mut self.spare.1)] {
            space.combine(to.view_mut(0..x + p), 0.0, from.view(0..size), &coefficients)?;
            space.copy(to.view(0..x + p), from.view_mut(0..x + p))?;
        }
        (self.x, self.p, self.size) = (x, p, x + p);
        Ok(())
    }
}

/// The parts of the chosen Ritz vectors outside of the first `x` coordinates, made orthonormal to these vectors and to each
/// other. In f64 and in coordinates, where nothing is lost.
fn directions(ritz: &Ritz, indices: &[usize], x: usize) -> Vec<Vec<f64>> {
    if x == 0 || x >= ritz.len() {
        return Vec::new();
    }
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let mut kept: Vec<Vec<f64>> = Vec::new();
    for &index in indices {
        let mut direction = ritz.column(index).to_vec();
        direction[..x].iter_mut().for_each(|c| *c = 0.0);
        let before = dot(&direction, &direction).sqrt();
        if before <= 64.0 * f64::EPSILON {
            continue;
        }
        direction.iter_mut().for_each(|c| *c /= before);
        for _ in 0..2 {
            let chosen = indices.iter().map(|&i| ritz.column(i));
            for other in chosen.chain(kept.iter().map(Vec::as_slice)) {
                let c = dot(&direction, other);
                direction.iter_mut().zip(other).for_each(|(d, o)| *d -= c * o);
            }
        }
        let left = dot(&direction, &direction).sqrt();
        // What is left of a unit vector.
        if left > 1e-8 {
            direction.iter_mut().for_each(|c| *c /= left);
            kept.push(direction);
        }
    }
    kept
}
