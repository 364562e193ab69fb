//! The projected matrix `T = VᵀAV` and its eigenpairs.
//!
//! T is kept whole and is filled with the inner products that orthogonalisation forms anyway. Assuming it tridiagonal
//! (or, after a restart, an arrow and then tridiagonal) would save nothing that can be measured at these sizes and would
//! hide what rounding, a breakdown or a fresh start has put elsewhere: a Rayleigh–Ritz projection is right for any
//! orthonormal V, a recurrence only for the V that it predicts.
//!
//! The dense eigenproblem is faer's, which is careful with clusters and divides and conquers at larger sizes. Forty
//! lines of Jacobi would build faster, but would be one more eigensolver to trust.

use faer::{Mat, Side};
use hesse_core::eigen::SolverError;
use serde::{Deserialize, Serialize};

/// A symmetric matrix that grows by one row and column.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Projected {
    /// The lower triangle, row by row; it grows with the basis, not with its capacity.
    rows: Vec<Vec<f64>>,
}

/// Eigenpairs of the leading part of a [`Projected`], ascending.
#[derive(Debug, Clone, Default)]
pub struct Ritz {
    /// θ, ascending.
    pub values: Vec<f64>,
    /// Orthonormal columns, one after another.
    vectors: Vec<f64>,
}

impl Ritz {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// How many pairs there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Coefficients of one Ritz vector in the basis.
    pub fn column(&self, index: usize) -> &[f64] {
        let n = self.len();
        &self.vectors[index * n..(index + 1) * n]
    }

    /// Coefficients of some Ritz vectors in the basis, one after another.
    pub fn columns(&self, indices: &[usize]) -> Vec<f64> {
        indices.iter().flat_map(|&i| self.column(i).iter().copied()).collect()
    }

    /// The coefficient on the newest basis vector.
    pub fn last(&self, index: usize) -> f64 {
        self.column(index).last().copied().unwrap_or(0.0)
    }
}

impl Projected {
    /// The symmetric part of a square matrix, column by column.
    pub fn symmetric(size: usize, entries: &[f64]) -> Self {
        let mut matrix = Projected::default();
        for j in 0..size {
            for i in 0..=j {
                matrix.set(i, j, 0.5 * (entries[i + j * size] + entries[j + i * size]));
            }
        }
        matrix
    }

    /// Rows that have been set.
    pub fn order(&self) -> usize {
        self.rows.len()
    }

    /// Sets an entry and its mirror image.
    pub fn set(&mut self, i: usize, j: usize, value: f64) {
        let (row, column) = (i.max(j), i.min(j));
        while self.rows.len() <= row {
            self.rows.push(vec![0.0; self.rows.len() + 1]);
        }
        self.rows[row][column] = value;
    }

    /// An entry.
    pub fn get(&self, i: usize, j: usize) -> f64 {
        self.rows.get(i.max(j)).and_then(|row| row.get(i.min(j))).copied().unwrap_or(0.0)
    }

    /// Makes it diagonal.
    pub fn set_diagonal(&mut self, values: impl Iterator<Item = f64>) {
        self.rows.clear();
        for (i, value) in values.enumerate() {
            self.set(i, i, value);
        }
    }

    /// Eigenpairs of the leading `size` rows and columns.
    ///
    /// The matrix is first divided by a power of two, which is exact, so that no threshold inside the dense solver can
    /// tell a Hessian of 1e-8 from one of 1e8.
    ///
    /// # Errors
    /// Where the iteration does not converge.
    pub fn eigen(&self, size: usize) -> Result<Ritz, SolverError> {
        let largest = self.rows.iter().take(size).flatten().fold(0.0f64, |m, v| m.max(v.abs()));
        let scale = if largest > 0.0 { 2f64.powi(largest.log2().floor() as i32) } else { 1.0 };
        let small = Mat::from_fn(size, size, |i, j| self.get(i, j) / scale);
        let eigen = small
            .self_adjoint_eigen(Side::Lower)
            .map_err(|cause| SolverError::Projected { size, cause: format!("{cause:?}") })?;
        let (s, u) = (eigen.S(), eigen.U());
        Ok(Ritz {
            values: (0..size).map(|i| s[i] * scale).collect(),
            vectors: (0..size).flat_map(|j| (0..size).map(move |i| u[(i, j)])).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matrix_of_two_rows_has_the_eigenpairs_of_the_quadratic_formula() {
        let mut t = Projected::default();
        t.set(0, 0, 2.0);
        t.set(1, 1, -1.0);
        t.set(0, 1, 2.0);
        let ritz = t.eigen(2).unwrap();
        assert!((ritz.values[0] + 2.0).abs() < 1e-14 && (ritz.values[1] - 3.0).abs() < 1e-14);
        let top = ritz.column(1);
        assert!((top[0] / top[1] - 2.0).abs() < 1e-14);
    }

    #[test]
    fn eigenpairs_do_not_depend_on_the_scale() {
        let fill = |scale: f64| {
            let mut t = Projected::default();
            for i in 0..7 {
                for j in 0..=i {
                    t.set(i, j, scale * ((3 * i + 5 * j) % 7) as f64);
                }
            }
            t.eigen(7).unwrap()
        };
        let (one, tiny) = (fill(1.0), fill(2f64.powi(-200)));
        assert_eq!(one.vectors, tiny.vectors);
        assert!(one.values.iter().zip(&tiny.values).all(|(a, b)| a * 2f64.powi(-200) == *b));
    }

    #[test]
    fn the_zero_matrix_has_zero_eigenvalues() {
        assert_eq!(Projected::default().eigen(3).unwrap().values, [0.0; 3]);
    }
}
