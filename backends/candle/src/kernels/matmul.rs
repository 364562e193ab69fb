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
#[allow(clippy::too_many_arguments)] // the usual arguments of a matrix product
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn numbers(n: usize) -> Vec<f64> {
        (0..n).map(|i| ((i * 37) % 23) as f64 / 7.0 - 1.5).collect()
    }

    fn transpose(rows: usize, columns: usize, a: &[f64]) -> Vec<f64> {
        (0..columns).flat_map(|j| (0..rows).map(move |i| a[i * columns + j])).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]

        #[test]
        fn batches_with_any_transposes_agree_with_a_direct_loop(
            batch in 0usize..5, m in 0usize..20, n in 0usize..20, k in 0usize..40,
            transposed in any::<[bool; 2]>(), add in any::<bool>(),
        ) {
            let (a, b) = (numbers(batch * m * k), numbers(batch * k * n));
            let stored = |x: &[f64], rows: usize, columns: usize, flip: bool| -> Vec<f64> {
                if !flip || rows * columns == 0 { return x.to_vec(); }
                x.chunks(rows * columns).flat_map(|x| transpose(rows, columns, x)).collect()
            };
            let mut c = vec![if add { 0.5 } else { f64::NAN }; batch * m * n];
            let (a_stored, b_stored) = (stored(&a, m, k, transposed[0]), stored(&b, k, n, transposed[1]));
            batched_matmul(add, batch, (m, n, k), &a_stored, transposed[0], &b_stored, transposed[1], &mut c)
                .expect("product");
            for (at, found) in c.iter().enumerate() {
                let (s, i, j) = (at / (m * n), at / n % m, at % n);
                let sum: f64 = (0..k).map(|l| a[(s * m + i) * k + l] * b[(s * k + l) * n + j]).sum();
                let start = if add { 0.5 } else { 0.0 };
                prop_assert!((found - sum - start).abs() < 1e-11);
            }
        }
    }

    #[test]
    fn bits_do_not_depend_on_the_number_of_threads() {
        for (m, n, k) in [(128, 100, 3000), (700, 300, 77), (1, 4000, 600), (3000, 1, 500), (64, 1600, 4096)] {
            let a: Vec<f32> = numbers(m * k).iter().map(|&v| v as f32).collect();
            let b: Vec<f32> = numbers(k * n).iter().map(|&v| v as f32).collect();
            for (flip_a, flip_b) in [(false, false), (true, false), (false, true)] {
                let run = |threads| {
                    let mut c = vec![0.0f32; m * n];
                    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
                    pool.install(|| batched_matmul(false, 1, (m, n, k), &a, flip_a, &b, flip_b, &mut c))
                        .expect("product");
                    c
                };
                let one = run(1);
                assert!(one == run(2) && one == run(5), "{m}×{n}×{k} {flip_a} {flip_b}");
            }
        }
    }

    #[test]
    fn wrong_lengths_are_refused() {
        let (s, mut c) = (Strides::rows(2), [0.0f32; 4]);
        assert!(matmul(false, (2, 2, 2), &[0.0; 3], s, &[0.0; 4], s, &mut c).is_err());
        assert!(matmul(false, (2, 2, 2), &[0.0; 4], s, &[0.0; 4], Strides { row: 9, column: 1 }, &mut c).is_err());
        assert!(matmul(false, (2, 3, 2), &[0.0; 4], s, &[0.0; 6], s, &mut c).is_err());
        assert!(matmul(false, (2, 2, usize::MAX), &[0.0; 4], s, &[0.0; 4], s, &mut c).is_err());
    }
}
