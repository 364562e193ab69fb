//! Blocks of vectors as Candle tensors.
//!
//! A block of k columns is one tensor of k·n entries, a column contiguous. Inner products are summed in f64 over blocks
//! of fixed length, so they do not depend on the number of threads.

use crate::element::Element;
use crate::tensor;
use candle_core::Tensor;
use hesse_core::vectors::{Block, Precision, VectorError, VectorSpace, View, ViewMut};
use rayon::prelude::*;
use std::marker::PhantomData;
use std::sync::Arc;

/// Entries per task.
const GRAIN: usize = 8192;

/// What a block of this backend holds.
pub(crate) struct Columns {
    pub tensor: Tensor,
    pub precision: Precision,
}

/// Vectors of one length and precision.
pub(crate) struct CandleSpace<T> {
    dimension: usize,
    pool: Arc<rayon::ThreadPool>,
    entry: PhantomData<fn() -> T>,
}

fn device(operation: &'static str) -> impl Fn(candle_core::Error) -> VectorError {
    move |e| VectorError::Device { operation, cause: e.to_string() }
}

/// The storage of a view after checking its columns.
fn checked<'a>(view: &View<'a>, operation: &'static str) -> Result<&'a Columns, VectorError> {
    view.block.checked(&view.columns, operation, "a block of the candle backend")
}

impl<T: Element> CandleSpace<T> {
    pub fn new(dimension: usize, pool: Arc<rayon::ThreadPool>) -> Self {
        CandleSpace { dimension, pool, entry: PhantomData }
    }

    fn own<'a>(&self, view: &View<'a>, operation: &'static str) -> Result<&'a Tensor, VectorError> {
        let columns = checked(view, operation)?;
        if view.block.rows() != self.dimension || columns.precision != T::PRECISION {
            return Err(VectorError::mismatch(
                operation,
                format!("vectors of length {} in {}", self.dimension, T::PRECISION),
                format!("length {} in {}", view.block.rows(), columns.precision),
            ));
        }
        Ok(&columns.tensor)
    }

    fn range(&self, columns: &std::ops::Range<usize>) -> std::ops::Range<usize> {
        columns.start * self.dimension..columns.end * self.dimension
    }
}

impl<T: Element> VectorSpace for CandleSpace<T> {
    fn dimension(&self) -> usize {
        self.dimension
    }

    fn precision(&self) -> Precision {
        T::PRECISION
    }

    fn zeros(&self, columns: usize) -> Result<Block, VectorError> {
        let elements = self.dimension.checked_mul(columns);
        let elements = elements.ok_or_else(|| VectorError::mismatch("zeros", "a representable size", columns))?;
        let tensor = tensor::zeros(elements, T::DTYPE).map_err(device("zeros"))?;
        Ok(Block::new(Box::new(Columns { tensor, precision: T::PRECISION }), self.dimension, columns))
    }

    fn write(&self, block: &mut Block, column: usize, values: &[f64]) -> Result<(), VectorError> {
        if values.len() != self.dimension {
            return Err(VectorError::mismatch("write", format!("{} entries", self.dimension), values.len()));
        }
        let view = block.view(column..column + 1);
        let tensor = self.own(&view, "write")?;
        let range = self.range(&view.columns);
        tensor::write(tensor, "write", |s| {
            T::slice_mut(s)?[range].iter_mut().zip(values).for_each(|(to, &v)| *to = T::narrow(v));
            Ok(())
        })
        .map_err(device("write"))
    }

    fn read(&self, block: &Block, column: usize) -> Result<Vec<f64>, VectorError> {
        let view = block.view(column..column + 1);
        let range = self.range(&view.columns);
        let tensor = self.own(&view, "read")?;
        tensor::read(tensor, |s| Ok(T::slice(s)?[range].iter().map(|v| v.wide()).collect())).map_err(device("read"))
    }

    fn gram(&self, x: View<'_>, y: View<'_>) -> Result<Vec<f64>, VectorError> {
        let n = self.dimension;
        let (xs, ys) = (self.own(&x, "gram")?, self.own(&y, "gram")?);
        let (k, m) = (x.len(), y.len());
        if n == 0 || k * m == 0 {
            return Ok(vec![0.0; k * m]);
        }
        let products = |a: &[T], b: &[T]| -> Vec<f64> {
            self.pool.install(|| {
                let partial: Vec<Vec<f64>> = (0..n.div_ceil(GRAIN))
                    .into_par_iter()
                    .map(|task| {
                        let rows = task * GRAIN..n.min((task + 1) * GRAIN);
                        let mut sums = vec![0.0; k * m];
                        for j in 0..m {
                            let b = &b[j * n..][rows.clone()];
                            for i in 0..k {
                                sums[j * k + i] = dot(&a[i * n..][rows.clone()], b);
                            }
                        }
                        sums
                    })
                    .collect();
                (0..k * m).map(|e| partial.iter().map(|p| p[e]).sum()).collect()
            })
        };
        tensor::read(xs, |s| {
            let a = &T::slice(s)?[self.range(&x.columns)];
            tensor::read(ys, |s| Ok(products(a, &T::slice(s)?[self.range(&y.columns)])))
        })
        .map_err(device("gram"))
    }

    fn combine(&self, y: ViewMut<'_>, beta: f64, x: View<'_>, c: &[f64]) -> Result<(), VectorError> {
        let n = self.dimension;
        let xs = self.own(&x, "combine")?;
        let target = View { block: y.block, columns: y.columns.clone() };
        let ys = self.own(&target, "combine")?;
        let (k, m) = (x.len(), y.len());
        if c.len() != k * m {
            return Err(VectorError::mismatch("combine", format!("{k} × {m} coefficients"), c.len()));
        }
        if n == 0 {
            return Ok(());
        }
        tensor::read(xs, |s| {
            let a = &T::slice(s)?[self.range(&x.columns)];
            tensor::write(ys, "combine", |s| {
                let out = &mut T::slice_mut(s)?[self.range(&y.columns)];
                self.pool.install(|| {
                    for (j, column) in out.chunks_exact_mut(n).enumerate() {
                        column.par_chunks_mut(GRAIN).enumerate().for_each(|(task, part)| {
                            combine_part(part, beta, a, n, task * GRAIN, &c[j * k..(j + 1) * k]);
                        });
                    }
                });
                Ok(())
            })
        })
        .map_err(device("combine"))
    }

    fn copy(&self, from: View<'_>, to: ViewMut<'_>) -> Result<(), VectorError> {
        let source = checked(&from, "copy")?;
        let target = View { block: to.block, columns: to.columns.clone() };
        let own = checked(&target, "copy")?;
        let same =
            from.block.rows() == self.dimension && target.block.rows() == self.dimension && from.len() == target.len();
        if !same {
            return Err(VectorError::mismatch(
                "copy",
                format!("{} columns of length {}", target.len(), self.dimension),
                format!("{} of length {}", from.len(), from.block.rows()),
            ));
        }
        let (read, write) = (self.range(&from.columns), self.range(&to.columns));
        tensor::read(&source.tensor, |s| {
            tensor::write(&own.tensor, "copy", |d| match (source.precision, own.precision) {
                (Precision::F32, Precision::F32) => convert::<f32, f32>(s, read, d, write),
                (Precision::F32, Precision::F64) => convert::<f32, f64>(s, read, d, write),
                (Precision::F64, Precision::F32) => convert::<f64, f32>(s, read, d, write),
                (Precision::F64, Precision::F64) => convert::<f64, f64>(s, read, d, write),
            })
        })
        .map_err(device("copy"))
    }

    fn scale(&self, x: ViewMut<'_>, factors: &[f64]) -> Result<(), VectorError> {
        let view = View { block: x.block, columns: x.columns.clone() };
        let tensor = self.own(&view, "scale")?;
        if factors.len() != view.len() {
            return Err(VectorError::mismatch("scale", format!("{} factors", view.len()), factors.len()));
        }
        let range = self.range(&view.columns);
        tensor::write(tensor, "scale", |s| {
            let all = &mut T::slice_mut(s)?[range];
            for (column, &f) in all.chunks_exact_mut(self.dimension.max(1)).zip(factors) {
                let narrow = T::narrow(f);
                // A factor of zero clears, also what is not finite.
                column.iter_mut().for_each(|v| *v = if f == 0.0 { narrow } else { *v * narrow });
            }
            Ok(())
        })
        .map_err(device("scale"))
    }
}

fn convert<A: Element, B: Element>(
    from: &candle_core::CpuStorage,
    read: std::ops::Range<usize>,
    to: &mut candle_core::CpuStorage,
    write: std::ops::Range<usize>,
) -> candle_core::Result<()> {
    B::slice_mut(to)?[write].iter_mut().zip(&A::slice(from)?[read]).for_each(|(t, f)| *t = B::narrow(f.wide()));
    Ok(())
}

/// Σ a·b in f64, eight sums side by side.
fn dot<T: Element>(a: &[T], b: &[T]) -> f64 {
    let mut lanes = [0.0f64; 8];
    let (x, y) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f64 = x.remainder().iter().zip(y.remainder()).map(|(p, q)| p.wide() * q.wide()).sum();
    for (p, q) in x.zip(y) {
        for l in 0..8 {
            lanes[l] += p[l].wide() * q[l].wide();
        }
    }
    lanes.iter().sum::<f64>() + rest
}

/// Rows `from ..` of one column: β·y + Σ c_i x_i, summed in f64 over short pieces that stay in cache.
fn combine_part<T: Element>(part: &mut [T], beta: f64, a: &[T], n: usize, from: usize, c: &[f64]) {
    const PIECE: usize = 512;
    let mut sums = [0.0f64; PIECE];
    for (p, piece) in part.chunks_mut(PIECE).enumerate() {
        let sums = &mut sums[..piece.len()];
        match beta {
            0.0 => sums.fill(0.0),
            _ => sums.iter_mut().zip(piece.iter()).for_each(|(s, v)| *s = beta * v.wide()),
        }
        for (i, &factor) in c.iter().enumerate() {
            if factor != 0.0 {
                let x = &a[i * n + from + p * PIECE..][..piece.len()];
                sums.iter_mut().zip(x).for_each(|(s, v)| *s += factor * v.wide());
            }
        }
        piece.iter_mut().zip(sums.iter()).for_each(|(v, s)| *v = T::narrow(*s));
    }
}
