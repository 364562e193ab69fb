//! Rotated matrices with chosen eigenvalues, on which estimators can be judged.
//!
//! A diagonal matrix will not do: random signs give its trace without error, and a test on it cannot fail. The rotation
//! is two rounds of random signs and Walsh–Hadamard transforms, which spreads every eigenvector over all entries in
//! O(n log n), so that hundreds of repetitions are quick. The dimension is therefore a power of two.

use crate::host::HostSpace;
use crate::operator::{LinearOperator, OperatorError};
use crate::random::{Purpose, Stream};
use crate::vectors::{Block, Precision, VectorError, VectorSpace, View, ViewMut};

/// Q diag(λ) Qᵀ.
pub struct Planted {
    space: HostSpace,
    eigenvalues: Vec<f64>,
    signs: [Vec<f64>; 2],
}

impl Planted {
    /// A matrix with these eigenvalues, as many as a power of two, and eigenvectors from a seed.
    ///
    /// # Errors
    /// Where their number is no power of two.
    pub fn new(eigenvalues: Vec<f64>, precision: Precision, seed: u64) -> Result<Self, VectorError> {
        let n = eigenvalues.len();
        if !n.is_power_of_two() {
            return Err(VectorError::mismatch("planted spectrum", "a power of two eigenvalues", n));
        }
        let signs = [0, 1].map(|i| {
            let mut stream = Stream::new(seed, Purpose::Data, i);
            (0..n).map(|_| if stream.bits() & 1 == 0 { 1.0 } else { -1.0 }).collect()
        });
        Ok(Planted { space: HostSpace::new(n, precision), eigenvalues, signs })
    }

    /// λ, in the order given.
    pub fn eigenvalues(&self) -> &[f64] {
        &self.eigenvalues
    }

    /// Q x, from coordinates along the eigenvectors.
    fn rotate(&self, x: &mut [f64]) {
        for signs in &self.signs {
            x.iter_mut().zip(signs).for_each(|(x, s)| *x *= s);
            hadamard(x);
        }
    }

    /// Qᵀ x.
    fn rotate_back(&self, x: &mut [f64]) {
        for signs in self.signs.iter().rev() {
            hadamard(x);
            x.iter_mut().zip(signs).for_each(|(x, s)| *x *= s);
        }
    }

    /// The eigenvectors of these eigenvalues.
    ///
    /// # Errors
    /// Where an index is out of range.
    pub fn eigenvectors(&self, indices: &[usize]) -> Result<Block, VectorError> {
        let mut block = self.space.zeros(indices.len())?;
        for (column, &index) in indices.iter().enumerate() {
            let mut unit = vec![0.0; self.eigenvalues.len()];
            match unit.get_mut(index) {
                Some(entry) => *entry = 1.0,
                None => return Err(VectorError::mismatch("eigenvectors", unit.len(), index)),
            }
            self.rotate(&mut unit);
            self.space.write(&mut block, column, &unit)?;
        }
        Ok(block)
    }

    /// Row by row, for comparison: the diagonal entries Σ λ q².
    pub fn diagonal(&self) -> Vec<f64> {
        let n = self.eigenvalues.len();
        (0..n)
            .map(|i| {
                let mut unit = vec![0.0; n];
                unit[i] = 1.0;
                self.rotate_back(&mut unit);
                unit.iter().zip(&self.eigenvalues).map(|(q, v)| v * q * q).sum()
            })
            .collect()
    }
}

impl LinearOperator for Planted {
    fn space(&self) -> &dyn VectorSpace {
        &self.space
    }

    fn apply(&self, x: View<'_>, y: ViewMut<'_>) -> Result<(), OperatorError> {
        if x.len() != y.len() {
            return Err(VectorError::mismatch("apply", x.len(), y.len()).into());
        }
        for (from, to) in x.columns.clone().zip(y.columns.clone()) {
            let mut v = self.space.read(x.block, from)?;
            self.rotate_back(&mut v);
            v.iter_mut().zip(&self.eigenvalues).for_each(|(v, l)| *v *= l);
            self.rotate(&mut v);
            self.space.write(y.block, to, &v)?;
        }
        Ok(())
    }
}

/// The orthogonal Walsh–Hadamard transform, its own inverse.
fn hadamard(x: &mut [f64]) {
    let n = x.len();
    let mut half = 1;
    while half < n {
        for block in x.chunks_exact_mut(2 * half) {
            let (low, high) = block.split_at_mut(half);
            for (a, b) in low.iter_mut().zip(high) {
                (*a, *b) = (*a + *b, *a - *b);
            }
        }
        half *= 2;
    }
    let factor = 1.0 / (n as f64).sqrt();
    x.iter_mut().for_each(|v| *v *= factor);
}

/// Spectra like those of networks, of length n, from a seed: ten outliers 20·0.8ʲ (where n allows) over a bulk of
/// min(Γ(¼)·0.12, 1), of which 15 % are negative and a quarter as large.
pub fn decaying(n: usize, seed: u64, indefinite: bool) -> Vec<f64> {
    let mut stream = Stream::new(seed, Purpose::Data, 2);
    (0..n)
        .map(|i| {
            if i < 10.min(n / 2) {
                return 20.0 * 0.8f64.powi(i as i32);
            }
            let size = (0.12 * gamma(0.25, &mut stream)).min(1.0);
            let negative = stream.uniform() < 0.15;
            if indefinite && negative { -0.25 * size } else { size }
        })
        .collect()
}

/// 1 + 0.1·N(0, 1).
pub fn flat(n: usize, seed: u64) -> Vec<f64> {
    let mut stream = Stream::new(seed, Purpose::Data, 3);
    (0..n).map(|_| 1.0 + 0.1 * stream.normal()).collect()
}

/// A Gamma variate of shape below one: Marsaglia and Tsang (2000) for shape + 1, times U^{1/shape}.
fn gamma(shape: f64, stream: &mut Stream) -> f64 {
    let d = shape + 1.0 - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = stream.normal();
        let v = (1.0 + c * x).powi(3);
        if v > 0.0 && (1.0 - stream.uniform()).ln() < 0.5 * x * x + d - d * v + d * v.ln() {
            return d * v * (1.0 - stream.uniform()).powf(1.0 / shape);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::norms;

    #[test]
    fn the_eigenvectors_are_eigenvectors_and_spread_out() {
        let planted = Planted::new(decaying(64, 1, true), Precision::F64, 7).unwrap();
        let space = planted.space();
        let v = planted.eigenvectors(&[0, 3, 63]).unwrap();
        let mut image = space.zeros(3).unwrap();
        planted.apply(v.all(), image.all_mut()).unwrap();
        for (c, &i) in [0, 3, 63].iter().enumerate() {
            space.combine(image.view_mut(c..c + 1), 1.0, v.view(c..c + 1), &[-planted.eigenvalues()[i]]).unwrap();
        }
        assert!(norms(space, image.all()).unwrap().iter().all(|n| *n < 1e-13));
        assert!(space.read(&v, 0).unwrap().iter().all(|e| e.abs() < 0.8));
        let trace: f64 = planted.diagonal().iter().sum();
        assert!((trace - planted.eigenvalues().iter().sum::<f64>()).abs() < 1e-12);
    }

    #[test]
    fn the_bulk_has_the_mean_of_its_distribution() {
        let bulk = &decaying(8192, 3, false)[10..];
        let mean = bulk.iter().sum::<f64>() / bulk.len() as f64;
        assert!((mean / 0.03 - 1.0).abs() < 0.1 && bulk.iter().all(|v| (0.0..=1.0).contains(v)), "{mean}");
    }
}
