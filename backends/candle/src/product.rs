//! Matrix products through the `gemm` crate, the library that Candle itself uses.

use crate::element::Element;
use rayon::prelude::*;

/// A matrix inside a slice: entry (i, j) at `offset + i·rows + j·columns`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Matrix {
    pub offset: usize,
    pub rows: usize,
    pub columns: usize,
}

impl Matrix {
    /// Row-major m × n, or its transpose seen as n × m.
    pub fn dense(offset: usize, width: usize, transpose: bool) -> Self {
        let (rows, columns) = if transpose { (1, width) } else { (width, 1) };
        Matrix { offset, rows, columns }
    }

    fn end(&self, m: usize, n: usize) -> usize {
        self.offset + (m - 1) * self.rows + (n - 1) * self.columns + 1
    }
}

/// `c = a·b`, or `c += a·b`; a is m × k, b is k × n.
#[allow(clippy::too_many_arguments)] // three matrices with their sizes
pub(crate) fn product<T: Element>(
    [m, k, n]: [usize; 3],
    a: &[T],
    at_a: Matrix,
    b: &[T],
    at_b: Matrix,
    c: &mut [T],
    at_c: Matrix,
    accumulate: bool,
    parallel: bool,
) {
    if m == 0 || n == 0 {
        return;
    }
    if k == 0 {
        if !accumulate {
            c.fill(T::narrow(0.0));
        }
        return;
    }
    assert!(
        at_a.end(m, k) <= a.len() && at_b.end(k, n) <= b.len() && at_c.end(m, n) <= c.len(),
        "a matrix reaches beyond its memory"
    );
    let parallelism = if parallel { gemm::Parallelism::Rayon(0) } else { gemm::Parallelism::None };
    // SAFETY: the assertion above bounds every entry that the strides can reach; `c` is borrowed exclusively.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            c.as_mut_ptr().add(at_c.offset),
            at_c.columns as isize,
            at_c.rows as isize,
            accumulate,
            a.as_ptr().add(at_a.offset),
            at_a.columns as isize,
            at_a.rows as isize,
            b.as_ptr().add(at_b.offset),
            at_b.columns as isize,
            at_b.rows as isize,
            T::narrow(1.0),
            T::narrow(1.0),
            false,
            false,
            false,
            parallelism,
        );
    }
}

/// `batch` products of dense matrices, possibly transposed.
#[allow(clippy::too_many_arguments)] // three stacks of matrices with their sizes
pub(crate) fn batched<T: Element>(
    batch: usize,
    [m, k, n]: [usize; 3],
    a: &[T],
    b: &[T],
    c: &mut [T],
    transpose: [bool; 2],
    accumulate: bool,
) {
    let at_a = Matrix::dense(0, if transpose[0] { m } else { k }, transpose[0]);
    let at_b = Matrix::dense(0, if transpose[1] { k } else { n }, transpose[1]);
    let at_c = Matrix::dense(0, n, false);
    if batch == 1 {
        return product([m, k, n], a, at_a, b, at_b, c, at_c, accumulate, true);
    }
    if m * n == 0 {
        return;
    }
    c.par_chunks_mut(m * n).enumerate().for_each(|(i, c)| {
        let (a, b) = (&a[i * m * k..][..m * k], &b[i * k * n..][..k * n]);
        product([m, k, n], a, at_a, b, at_b, c, at_c, accumulate, false);
    });
}
