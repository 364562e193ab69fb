//! A vector space in ordinary memory, and a dense operator over it.
//!
//! Solvers are tested against planted matrices here, without any backend. Plain loops on purpose: this is the
//! reference, the backends have the fast ones.

use crate::operator::{LinearOperator, OperatorError};
use crate::vectors::{Block, Precision, VectorError, VectorSpace, View, ViewMut};

/// Vectors as `Vec<f64>` columns, rounded to f32 after each operation where that precision is asked for.
#[derive(Debug, Clone, Copy)]
pub struct HostSpace {
    dimension: usize,
    precision: Precision,
}

type Columns = Vec<Vec<f64>>;

impl HostSpace {
    /// Vectors of this length and precision.
    pub fn new(dimension: usize, precision: Precision) -> Self {
        HostSpace { dimension, precision }
    }

    fn round(&self, v: f64) -> f64 {
        match self.precision {
            Precision::F32 => f64::from(v as f32),
            Precision::F64 => v,
        }
    }

    fn fits(&self, block: &Block) -> Result<(), VectorError> {
        if block.rows() == self.dimension {
            return Ok(());
        }
        Err(VectorError::mismatch("block", format!("vectors of length {}", self.dimension), block.rows()))
    }

    fn columns<'a>(&self, view: &View<'a>) -> Result<&'a [Vec<f64>], VectorError> {
        self.fits(view.block)?;
        let all =
            view.block.storage::<Columns>().ok_or_else(|| VectorError::mismatch("block", "a host block", "another"))?;
        all.get(view.columns.clone()).ok_or_else(|| {
            VectorError::mismatch("block", format!("columns below {}", all.len()), format!("{:?}", view.columns))
        })
    }

    fn columns_mut<'a>(&self, view: ViewMut<'a>) -> Result<&'a mut [Vec<f64>], VectorError> {
        self.fits(view.block)?;
        let (count, range) = (view.block.columns(), view.columns.clone());
        view.block
            .storage_mut::<Columns>()
            .and_then(|all| all.get_mut(range.clone()))
            .ok_or_else(|| VectorError::mismatch("block", format!("columns below {count}"), format!("{range:?}")))
    }
}

impl VectorSpace for HostSpace {
    fn dimension(&self) -> usize {
        self.dimension
    }
    fn precision(&self) -> Precision {
        self.precision
    }
    fn zeros(&self, columns: usize) -> Result<Block, VectorError> {
        let storage: Columns = vec![vec![0.0; self.dimension]; columns];
        Ok(Block::new(Box::new(storage), self.dimension, columns))
    }
    fn write(&self, block: &mut Block, column: usize, values: &[f64]) -> Result<(), VectorError> {
        if values.len() != self.dimension {
            return Err(VectorError::mismatch("write", self.dimension, values.len()));
        }
        let columns = self.columns_mut(block.view_mut(column..column + 1))?;
        columns[0] = values.iter().map(|&v| self.round(v)).collect();
        Ok(())
    }
    fn read(&self, block: &Block, column: usize) -> Result<Vec<f64>, VectorError> {
        Ok(self.columns(&block.view(column..column + 1))?[0].clone())
    }
    fn gram(&self, x: View<'_>, y: View<'_>) -> Result<Vec<f64>, VectorError> {
        let (x, y) = (self.columns(&x)?, self.columns(&y)?);
        Ok(y.iter().flat_map(|b| x.iter().map(move |a| a.iter().zip(b).map(|(p, q)| p * q).sum())).collect())
    }
    fn combine(&self, y: ViewMut<'_>, beta: f64, x: View<'_>, c: &[f64]) -> Result<(), VectorError> {
        let x = self.columns(&x)?;
        let y = self.columns_mut(y)?;
        if c.len() != x.len() * y.len() {
            return Err(VectorError::mismatch("combine", x.len() * y.len(), c.len()));
        }
        for (j, column) in y.iter_mut().enumerate() {
            for (i, entry) in column.iter_mut().enumerate() {
                let sum: f64 = x.iter().zip(&c[j * x.len()..]).map(|(a, f)| f * a[i]).sum();
                let old = if beta == 0.0 { 0.0 } else { beta * *entry };
                *entry = self.round(old + sum);
            }
        }
        Ok(())
    }
    fn copy(&self, from: View<'_>, to: ViewMut<'_>) -> Result<(), VectorError> {
        let from = self.columns(&from)?;
        let to = self.columns_mut(to)?;
        if from.len() != to.len() {
            return Err(VectorError::mismatch("copy", from.len(), to.len()));
        }
        // The other block may come from the space of another precision.
        for (to, from) in to.iter_mut().zip(from) {
            to.iter_mut().zip(from).for_each(|(to, from)| *to = self.round(*from));
        }
        Ok(())
    }
    fn scale(&self, x: ViewMut<'_>, factors: &[f64]) -> Result<(), VectorError> {
        let x = self.columns_mut(x)?;
        if x.len() != factors.len() {
            return Err(VectorError::mismatch("scale", x.len(), factors.len()));
        }
        for (column, f) in x.iter_mut().zip(factors) {
            column.iter_mut().for_each(|v| *v = self.round(*v * f));
        }
        Ok(())
    }
}

/// A symmetric matrix given by a function that multiplies a vector.
pub struct HostOperator<F> {
    space: HostSpace,
    multiply: F,
}

impl<F: Fn(&[f64]) -> Vec<f64> + Send + Sync> HostOperator<F> {
    /// An operator on vectors of this length and precision.
    pub fn new(dimension: usize, precision: Precision, multiply: F) -> Self {
        HostOperator { space: HostSpace::new(dimension, precision), multiply }
    }
}

impl<F: Fn(&[f64]) -> Vec<f64> + Send + Sync> LinearOperator for HostOperator<F> {
    fn space(&self) -> &dyn VectorSpace {
        &self.space
    }
    fn apply(&self, x: View<'_>, y: ViewMut<'_>) -> Result<(), OperatorError> {
        if x.len() != y.len() {
            return Err(VectorError::mismatch("apply", x.len(), y.len()).into());
        }
        for (from, to) in x.columns.clone().zip(y.columns.clone()) {
            let product = (self.multiply)(&self.space.read(x.block, from)?);
            self.space.write(y.block, to, &product)?;
        }
        Ok(())
    }
}
