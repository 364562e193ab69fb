//! Blocks of vectors that stay on the device.
//!
//! A block of k columns is one contiguous tensor `[k, n]`: a column is a row of it, and is written in place. Only what the
//! solver asks for as numbers comes to the host: the small matrix of inner products, once it is complete. Sums are in f64;
//! vectors are converted piece by piece, so that little memory is needed besides them.

use super::dtype;
use super::failure::words;
use candle_core::{DType, Device, Tensor};
use hesse_core::vectors::{Block, Precision, VectorError, VectorSpace, View, ViewMut};
use std::ops::Range;

/// Numbers of f64 that an operation makes besides the vectors.
const ROOM: usize = 1 << 24;

/// What a block on this device holds.
pub(super) struct Columns {
    pub tensor: Tensor,
    pub precision: Precision,
}

/// Vectors of one length and precision.
pub(super) struct TensorSpace {
    dimension: usize,
    precision: Precision,
    device: Device,
}

fn failed(operation: &'static str) -> impl Fn(candle_core::Error) -> VectorError {
    move |e| VectorError::Device { operation, cause: words(&e) }
}

/// A tensor's entries, row-major, in f64.
pub(super) fn numbers(tensor: &Tensor) -> candle_core::Result<Vec<f64>> {
    tensor.flatten_all()?.to_dtype(DType::F64)?.to_vec1()
}

/// The storage of some columns, after checking that the block is ours and has them.
fn found<'a>(block: &'a Block, columns: &Range<usize>, operation: &'static str) -> Result<&'a Columns, VectorError> {
    block.checked(columns, operation, "a block of this device of the candle backend")
}

impl TensorSpace {
    pub fn new(dimension: usize, precision: Precision, device: Device) -> Self {
        TensorSpace { dimension, precision, device }
    }

    /// Some columns as a view `[k, n]`, after checking that they are of this space.
    fn own(&self, block: &Block, columns: &Range<usize>, operation: &'static str) -> Result<Tensor, VectorError> {
        let storage = found(block, columns, operation)?;
        if block.rows() != self.dimension || storage.precision != self.precision {
            return Err(VectorError::mismatch(
                operation,
                format!("vectors of length {} in {}", self.dimension, self.precision),
                format!("length {} in {}", block.rows(), storage.precision),
            ));
        }
        storage.tensor.narrow(0, columns.start, columns.len()).map_err(failed(operation))
    }

    /// Pieces of the vectors, of a length for so many columns.
    fn pieces(&self, columns: usize) -> impl Iterator<Item = (usize, usize)> + use<> {
        let (n, length) = (self.dimension, (ROOM / columns.max(1)).max(1));
        (0..n).step_by(length).map(move |at| (at, length.min(n - at)))
    }
}

/// XᵀY as `[m, k]` in f64.
fn products(space: &TensorSpace, x: &Tensor, y: &Tensor) -> candle_core::Result<Option<Tensor>> {
    let mut sum: Option<Tensor> = None;
    for (at, length) in space.pieces(x.dim(0)? + y.dim(0)?) {
        let wide = |t: &Tensor| t.narrow(1, at, length)?.to_dtype(DType::F64)?.contiguous();
        let part = wide(y)?.matmul(&wide(x)?.t()?)?;
        sum = Some(match sum {
            Some(sum) => (sum + part)?,
            None => part,
        });
    }
    Ok(sum)
}

/// One group of columns of Y ← βY + XC: `factors` is `[m, k]` for these m columns and the k used columns of X.
fn combined(
    space: &TensorSpace,
    (block, first, count): (&Tensor, usize, usize),
    beta: f64,
    x: Option<&Tensor>,
    factors: &[f64],
) -> candle_core::Result<()> {
    let used = x.map_or(0, |x| x.dims()[0]);
    let factors = match used {
        0 => None,
        _ => Some(Tensor::from_slice(factors, (count, used), &space.device)?),
    };
    let rows = block.narrow(0, first, count)?;
    for (at, length) in space.pieces(used + count) {
        let scaled = match beta {
            // A factor of zero forgets, also what is not finite.
            0.0 => None,
            _ => Some(rows.narrow(1, at, length)?.to_dtype(DType::F64)?.affine(beta, 0.0)?),
        };
        let product = match (x, &factors) {
            (Some(x), Some(f)) => Some(f.matmul(&x.narrow(1, at, length)?.to_dtype(DType::F64)?.contiguous()?)?),
            _ => None,
        };
        let sum = match (scaled, product) {
            (Some(a), Some(b)) => (a + b)?,
            (Some(a), None) | (None, Some(a)) => a,
            (None, None) => Tensor::zeros((count, length), DType::F64, &space.device)?,
        };
        let sum = sum.to_dtype(block.dtype())?.contiguous()?;
        if length == space.dimension {
            block.slice_set(&sum, 0, first)?;
            continue;
        }
        for j in 0..count {
            block.narrow(0, first + j, 1)?.slice_set(&sum.narrow(0, j, 1)?, 1, at)?;
        }
    }
    Ok(())
}

impl VectorSpace for TensorSpace {
    fn dimension(&self) -> usize {
        self.dimension
    }

    fn precision(&self) -> Precision {
        self.precision
    }

    fn zeros(&self, columns: usize) -> Result<Block, VectorError> {
        let bytes = self.dimension.checked_mul(columns).and_then(|n| n.checked_mul(self.precision.bytes()));
        if bytes.is_none_or(|b| b > isize::MAX as usize) {
            return Err(VectorError::mismatch("zeros", "a representable size", columns));
        }
        // No device has memory of no bytes; one entry costs nothing.
        let sizes = (columns.max(1), self.dimension.max(1));
        let tensor = Tensor::zeros(sizes, dtype(self.precision), &self.device).map_err(failed("zeros"))?;
        Ok(Block::new(Box::new(Columns { tensor, precision: self.precision }), self.dimension, columns))
    }

    fn write(&self, block: &mut Block, column: usize, values: &[f64]) -> Result<(), VectorError> {
        if values.len() != self.dimension {
            return Err(VectorError::mismatch("write", format!("{} entries", self.dimension), values.len()));
        }
        let to = self.own(block, &(column..column + 1), "write")?;
        if values.is_empty() {
            return Ok(());
        }
        let from = super::real(values.iter().copied(), self.precision, &self.device);
        let written = from.and_then(|from| to.slice_set(&from.reshape((1, self.dimension))?, 1, 0));
        written.map_err(failed("write"))
    }

    fn read(&self, block: &Block, column: usize) -> Result<Vec<f64>, VectorError> {
        let from = self.own(block, &(column..column + 1), "read")?;
        if self.dimension == 0 {
            return Ok(Vec::new());
        }
        numbers(&from).map_err(failed("read"))
    }

    fn gram(&self, x: View<'_>, y: View<'_>) -> Result<Vec<f64>, VectorError> {
        let (a, b) = (self.own(x.block, &x.columns, "gram")?, self.own(y.block, &y.columns, "gram")?);
        let size = x.len() * y.len();
        if size == 0 {
            return Ok(Vec::new());
        }
        let sum = products(self, &a, &b).map_err(failed("gram"))?;
        sum.map_or_else(|| Ok(vec![0.0; size]), |sum| numbers(&sum)).map_err(failed("gram"))
    }

    fn combine(&self, y: ViewMut<'_>, beta: f64, x: View<'_>, c: &[f64]) -> Result<(), VectorError> {
        let (k, m) = (x.len(), y.len());
        let from = self.own(x.block, &x.columns, "combine")?;
        self.own(y.block, &y.columns, "combine")?;
        if c.len() != k * m {
            return Err(VectorError::mismatch("combine", format!("{k} × {m} coefficients"), c.len()));
        }
        let to = &found(y.block, &y.columns, "combine")?.tensor;
        let run = || -> candle_core::Result<()> {
            if k > 0 && c.iter().all(|f| *f != 0.0) {
                return combined(self, (to, y.columns.start, m), beta, Some(&from), c);
            }
            // Zero times what is not finite would not be zero: each column takes only what it has a factor for.
            for j in 0..m {
                let own = &c[j * k..(j + 1) * k];
                let used: Vec<u32> = (0..k).filter(|i| own[*i] != 0.0).map(|i| i as u32).collect();
                let factors: Vec<f64> = own.iter().copied().filter(|f| *f != 0.0).collect();
                let some = match used.len() {
                    0 => None,
                    n if n == k => Some(from.clone()),
                    n => Some(from.contiguous()?.index_select(&Tensor::from_slice(&used, n, &self.device)?, 0)?),
                };
                combined(self, (to, y.columns.start + j, 1), beta, some.as_ref(), &factors)?;
            }
            Ok(())
        };
        run().map_err(failed("combine"))
    }

    fn copy(&self, from: View<'_>, to: ViewMut<'_>) -> Result<(), VectorError> {
        let source = found(from.block, &from.columns, "copy")?;
        let target = found(to.block, &to.columns, "copy")?;
        let same = from.block.rows() == self.dimension && to.block.rows() == self.dimension && from.len() == to.len();
        if !same {
            return Err(VectorError::mismatch(
                "copy",
                format!("{} columns of length {}", to.len(), self.dimension),
                format!("{} of length {}", from.len(), from.block.rows()),
            ));
        }
        if from.is_empty() || self.dimension == 0 {
            return Ok(());
        }
        let rows = source.tensor.narrow(0, from.columns.start, from.len());
        let copied = rows.and_then(|rows| {
            let rows = rows.to_dtype(target.tensor.dtype())?;
            target.tensor.slice_set(&rows, 0, to.columns.start)
        });
        copied.map_err(failed("copy"))
    }

    fn scale(&self, x: ViewMut<'_>, factors: &[f64]) -> Result<(), VectorError> {
        self.own(x.block, &x.columns, "scale")?;
        if factors.len() != x.len() {
            return Err(VectorError::mismatch("scale", format!("{} factors", x.len()), factors.len()));
        }
        let tensor = &found(x.block, &x.columns, "scale")?.tensor;
        for (column, &factor) in x.columns.clone().zip(factors) {
            let scaled = || -> candle_core::Result<()> {
                let row = tensor.narrow(0, column, 1)?;
                match factor {
                    1.0 => Ok(()),
                    // A factor of zero clears, also what is not finite.
                    0.0 => row.slice_set(&row.zeros_like()?, 1, 0),
                    _ => row.slice_set(&row.affine(factor, 0.0)?, 1, 0),
                }
            };
            scaled().map_err(failed("scale"))?;
        }
        Ok(())
    }
}
