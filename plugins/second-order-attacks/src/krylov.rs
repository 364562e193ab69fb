//! The quadratic model of a smooth network's loss in a Krylov space, for all samples of a batch at once.
//!
//! The first part of the space is that of g, in which the subproblem converges fastest; the second begins with a random
//! direction, because a space of g alone never sees an eigenvector to which g is orthogonal (the hard case of the
//! trust region). Products with the basis are kept, so that the projected Hessian QᵀHQ is exact for any basis, and no
//! recurrence has to hold across the two parts. Memory: 16 m D bytes for each sample.
//!
//! Source: Gould, Lucidi, Roma and Toint, *Solving the trust-region subproblem using the Lanczos method*, SIAM J. Optim.
//! 9 (1999) 504.

use crate::objective::product;
use crate::part::Part;
use hesse_core::attack::{AttackError, InputOracle, Norm};
use hesse_core::input_hessian::{QuadraticModel, add_scaled, dot, symmetric_eigen};
use hesse_core::options::{OptionError, OptionKind, OptionSpec, Options};
use hesse_core::random::{Purpose, Stream};

/// How large the space is; each dimension is one product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Search {
    /// Dimensions that follow from the gradient.
    pub gradient: usize,
    /// Dimensions that follow from a random direction.
    pub random: usize,
}

/// The options that set it.
pub(crate) const KRYLOV: [OptionSpec; 2] = [
    OptionSpec {
        name: "krylov",
        kind: OptionKind::Integer(1),
        default: "24",
        help: "smooth networks: dimensions of the Krylov space of the gradient, each one product",
    },
    OptionSpec {
        name: "random",
        kind: OptionKind::Integer(0),
        default: "8",
        help: "smooth networks: further dimensions from a random direction",
    },
];

impl Search {
    /// Reads them.
    pub(crate) fn read(options: &Options) -> Result<Self, OptionError> {
        Ok(Search { gradient: options.count("krylov", 24, 1)?, random: options.count("random", 8, 0)? })
    }
}

/// What part of ‖H‖ or of a vector counts as nothing: the basis is then invariant.
const NOTHING: f64 = 1e-10;

struct Space {
    basis: Vec<Vec<f64>>,
    products: Vec<Vec<f64>>,
    /// The next basis vector, or nothing where the space is whole.
    next: Option<Vec<f64>>,
}

impl Space {
    fn absorb(&mut self, product: &[f64]) {
        if let Some(q) = self.next.take() {
            self.basis.push(q);
            self.products.push(product.to_vec());
        }
    }

    /// What of v is orthogonal to the basis, normalised; nothing where that is rounding.
    fn rest(&self, v: &[f64]) -> Option<Vec<f64>> {
        let before = Norm::L2.of(v);
        let mut v = v.to_vec();
        for _ in 0..2 {
            for q in &self.basis {
                let along = dot(q, &v);
                add_scaled(&mut v, -along, q);
            }
        }
        let length = Norm::L2.of(&v);
        if !(length > NOTHING * before && length.is_finite()) {
            return None;
        }
        v.iter_mut().for_each(|x| *x /= length);
        Some(v)
    }

    fn model(&self, gradient: &[f64]) -> Option<QuadraticModel> {
        let (m, dimension) = (self.basis.len(), gradient.len());
        let entry = |i: usize, j: usize| {
            0.5 * (dot(&self.basis[i], &self.products[j]) + dot(&self.basis[j], &self.products[i]))
        };
        let projected: Vec<f64> = (0..m * m).map(|e| entry(e / m, e % m)).collect();
        let eigen = symmetric_eigen(&projected, m);
        let mut vectors = Vec::with_capacity(m * dimension);
        for i in 0..m {
            let mut v = vec![0.0; dimension];
            self.basis.iter().zip(eigen.vector(i)).for_each(|(q, c)| add_scaled(&mut v, *c, q));
            vectors.extend(v);
        }
        let slopes: Vec<f64> = vectors.chunks_exact(dimension.max(1)).map(|v| dot(v, gradient)).collect();
        let finite = eigen.values.iter().chain(&slopes).all(|v| v.is_finite());
        (m > 0 && finite).then_some(QuadraticModel { scale: 1.0, values: eigen.values, slopes, vectors, dimension })
    }
}

/// The models of a part's samples at these gradients (`N × D`); none where a number is not finite. Cost: as many
/// products as the space has dimensions.
pub(crate) fn krylov_models(
    oracle: &dyn InputOracle,
    part: &Part,
    gradients: &[f64],
    seed: u64,
    search: Search,
) -> Result<Vec<Option<QuadraticModel>>, AttackError> {
    let d: usize = oracle.shape().iter().product();
    let mut spaces: Vec<Space> = gradients
        .chunks_exact(d.max(1))
        .zip(&part.indices)
        .map(|(g, &index)| {
            let empty = Space { basis: Vec::new(), products: Vec::new(), next: None };
            let next = empty.rest(g).or_else(|| empty.rest(&draw(seed, index, d)));
            Space { next, ..empty }
        })
        .collect();
    let most = (search.gradient + search.random).min(d);
    for m in 0..most {
        if spaces.iter().all(|s| s.next.is_none()) {
            break;
        }
        let zero = vec![0.0; d];
        let directions: Vec<f64> = spaces.iter().flat_map(|s| s.next.as_ref().unwrap_or(&zero)).copied().collect();
        let products = product(oracle, &part.samples, &part.labels, &directions)?;
        for ((space, row), &index) in spaces.iter_mut().zip(products.chunks_exact(d.max(1))).zip(&part.indices) {
            space.absorb(row);
            let fresh = || draw(seed, index, d);
            // The chain goes on, unless it is the turn of the random direction or the chain has ended.
            let chained = if m + 1 == search.gradient { None } else { space.rest(row) };
            space.next = chained.or_else(|| space.rest(&fresh()));
        }
    }
    Ok(spaces.iter().zip(gradients.chunks_exact(d.max(1))).map(|(s, g)| s.model(g)).collect())
}

fn draw(seed: u64, index: usize, d: usize) -> Vec<f64> {
    let mut stream = Stream::new(seed, Purpose::StartVector, index as u64);
    (0..d).map(|_| stream.normal()).collect()
}
