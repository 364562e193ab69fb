//! Dense matrix products.
//!
//! Carried by the `gemm` crate, which reaches the processor's peak and whose partition never splits the summed axis over
//! threads, so bits do not depend on the thread count (a test holds it to that). What is added here: checks, row-major
//! results that may be added to, and batches that run one product per task where a product is too small to share.

use super::Real;
use super::disjoint::Disjoint;
use super::error::{KernelError, Result, expect_len, product};
use gemm::{Parallelism, gemm};
use rayon::prelude::*;

/// A matrix inside a slice: entry (i, j) stands at `i·row + j·column`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Strides {
    /// From one row to the next.
    pub row: usize,
    /// From one column to the next.
    pub column: usize,
}

impl Strides {
    /// Row-major with this many columns.
    pub fn rows(columns: usize) -> Self {
        Strides { row: columns, column: 1 }
    }

    /// The transpose of a row-major matrix that has this many columns.
    pub fn transposed(columns: usize) -> Self {
        Strides { row: 1, column: columns }
    }

    fn last(&self, rows: usize, columns: usize) -> Option<usize> {
        let (r, c) = (rows.checked_sub(1)?, columns.checked_sub(1)?);
        r.checked_mul(self.row)?.checked_add(c.checked_mul(self.column)?)
    }
}

/// Below this many multiply-adds a product runs on one thread.
const SHARED: usize = 1 << 20;

/// `c (+)= a·b` with a `m × k`, b `k × n` (any strides) and c `m × n`, row-major and contiguous.
///
/// Work: 2·m·n·k operations.
///
/// # Errors
/// Where a slice is too short for its strides, or c has not m·n entries.
#[allow(clippy::too_many_arguments)] // the usual arguments of a matrix product
pub fn matmul<T: Real>(
    accumulate: bool,
    (m, n, k): (usize, usize, usize),
    a: &[T],
    a_strides: Strides,
    b: &[T],
    b_strides: Strides,
    c: &mut [T],
) -> Result {
    const NAME: &str = "matrix product";
    expect_len(NAME, "result", c.len(), product(NAME, &[m, n])?)?;
    covers("left operand", a.len(), a_strides, m, k)?;
    covers("right operand", b.len(), b_strides, k, n)?;
    let shared = m.saturating_mul(n).saturating_mul(k) >= SHARED;
    let threads = if shared { Parallelism::Rayon(0) } else { Parallelism::None };
    // SAFETY: lengths were checked above; c is borrowed mutably.
    unsafe { run(accumulate, (m, n, k), a.as_ptr(), a_strides, b.as_ptr(), b_strides, c.as_mut_ptr(), threads) };
    Ok(())
}

/// `batch` products, operands and results one after another: a `[batch, m, k]`, b `[batch, k, n]`, c `[batch, m, n]`,
/// where a flag says that the operand's last two axes are stored the other way round.
///
/// # Errors
/// Where a slice has not the length that the sizes say.
pub fn batched_matmul<T: Real>(
    accumulate: bool,
    batch: usize,
    (m, n, k): (usize, usize, usize),
    a: &[T],
    transpose_a: bool,
    b: &[T],
    transpose_b: bool,
    c: &mut [T],
) -> Result {
    const NAME: &str = "matrix product";
    expect_len(NAME, "left operand", a.len(), product(NAME, &[batch, m, k])?)?;
    expect_len(NAME, "right operand", b.len(), product(NAME, &[batch, k, n])?)?;
    expect_len(NAME, "result", c.len(), product(NAME, &[batch, m, n])?)?;
    let a_strides = if transpose_a { Strides::transposed(m) } else { Strides::rows(k) };
    let b_strides = if transpose_b { Strides::transposed(k) } else { Strides::rows(n) };
    let each = m * n * k;
    // A few large products are shared out inside each; many small ones go one per task.
    let inside = batch == 1 || (each >= SHARED && batch < 16);
    if inside {
        for i in 0..batch {
            let c = &mut c[i * m * n..(i + 1) * m * n];
            matmul(
                accumulate,
                (m, n, k),
                &a[i * m * k..(i + 1) * m * k],
                a_strides,
                &b[i * k * n..(i + 1) * k * n],
                b_strides,
                c,
            )?;
        }
        return Ok(());
    }
    let out = Disjoint::new(c);
    let product = |i: usize| {
        let (a, b) = (&a[i * m * k..], &b[i * k * n..]);
        // SAFETY: product i reads and writes its own part, whose size was checked above.
        unsafe {
            run(
                accumulate,
                (m, n, k),
                a.as_ptr(),
                a_strides,
                b.as_ptr(),
                b_strides,
                out.at(i * m * n),
                Parallelism::None,
            );
        }
    };
    let per_task = (SHARED / 8 / each.max(1)).max(1);
    (0..batch).into_par_iter().with_min_len(per_task).for_each(product);
    Ok(())
}

fn covers(operand: &'static str, found: usize, strides: Strides, rows: usize, columns: usize) -> Result {
    let expected = match strides.last(rows, columns) {
        Some(last) => last.saturating_add(1),
        None if rows == 0 || columns == 0 => 0,
        None => {
            return Err(KernelError::Shape { kernel: "matrix product", reason: format!("{operand} is too large") });
        }
    };
    if found >= expected {
        Ok(())
    } else {
        Err(KernelError::Length { kernel: "matrix product", operand, expected, found })
    }
}

/// # Safety
/// The operands must be readable and c writable at all entries that the sizes and strides name.
#[allow(clippy::too_many_arguments)]
unsafe fn run<T: Real>(
    accumulate: bool,
    (m, n, k): (usize, usize, usize),
    a: *const T,
    a_strides: Strides,
    b: *const T,
    b_strides: Strides,
    c: *mut T,
    threads: Parallelism,
) {
    let stride = |s: usize| s as isize;
    // SAFETY: by the caller's promise. A result that is not added to is not read.
    unsafe {
        gemm(
            m,
            n,
            k,
            c,
            1,
            stride(n),
            accumulate,
            a,
            stride(a_strides.column),
            stride(a_strides.row),
            b,
            stride(b_strides.column),
            stride(b_strides.row),
            T::ONE,
            T::ONE,
            false,
            false,
            false,
            threads,
        );
    }
}
