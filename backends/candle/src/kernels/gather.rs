//! Reading and adding by index along the last axis; the two are each other's transposes.

use super::Real;
use super::error::{KernelError, Result, expect_indices, expect_len, product};
use rayon::prelude::*;

/// Entries that one task handles at least.
const TASK: usize = 1 << 13;

fn check<T>(kernel: &'static str, [rows, n, m]: [usize; 3], wide: &[T], narrow: &[T], index: &[u32]) -> Result {
    expect_len(kernel, "wide operand", wide.len(), product(kernel, &[rows, n])?)?;
    expect_len(kernel, "narrow operand", narrow.len(), product(kernel, &[rows, m])?)?;
    expect_len(kernel, "index", index.len(), rows * m)
}

/// Says where in the whole index a row's culprit stands.
fn locate(e: KernelError, start: usize) -> KernelError {
    match e {
        KernelError::Index { kernel, index, position, bound } => {
            KernelError::Index { kernel, index, position: start + position, bound }
        }
        other => other,
    }
}

/// `(x [R, n], index [R, m]) → y [R, m]`: y[r, j] = x[r, index[r, j]], for sizes `[R, n, m]`.
///
/// # Errors
/// Where a slice has another length, or an index is not below n; y is then unspecified.
pub fn gather_last<T: Real>(sizes: [usize; 3], x: &[T], index: &[u32], y: &mut [T]) -> Result {
    const NAME: &str = "gather";
    check(NAME, sizes, x, y, index)?;
    let [_, n, m] = sizes;
    if m == 0 {
        return Ok(());
    }
    y.par_chunks_exact_mut(m).zip(index.par_chunks_exact(m)).enumerate().with_min_len(TASK / m + 1).try_for_each(
        |(r, (y, index))| {
            expect_indices(NAME, index, n).map_err(|e| locate(e, r * m))?;
            let x = &x[r * n..(r + 1) * n];
            y.iter_mut().zip(index).for_each(|(y, &i)| *y = x[i as usize]);
            Ok(())
        },
    )
}

/// `(g [R, m], index [R, m]) → out [R, n]`: out[r, index[r, j]] += g[r, j] in the order of j, for sizes `[R, n, m]`;
/// out starts from zero unless `accumulate`.
///
/// # Errors
/// Where a slice has another length, or an index is not below n; out is then unspecified.
pub fn scatter_add_last<T: Real>(sizes: [usize; 3], g: &[T], index: &[u32], out: &mut [T], accumulate: bool) -> Result {
    const NAME: &str = "scatter";
    check(NAME, sizes, out, g, index)?;
    let [_, n, m] = sizes;
    if n == 0 {
        return expect_indices(NAME, index, 0);
    }
    out.par_chunks_exact_mut(n).enumerate().with_min_len(TASK / (n + m) + 1).try_for_each(|(r, out)| {
        let (g, index) = (&g[r * m..(r + 1) * m], &index[r * m..(r + 1) * m]);
        expect_indices(NAME, index, n).map_err(|e| locate(e, r * m))?;
        if !accumulate {
            out.fill(T::ZERO);
        }
        g.iter().zip(index).for_each(|(&g, &i)| out[i as usize] += g);
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gathering_reads_by_index_and_scattering_is_its_transpose() {
        let x: Vec<f64> = (0..6).map(f64::from).collect();
        let index = [2, 2, 0, 1, 1, 0, 2, 2];
        let mut y = [0.0; 8];
        gather_last([2, 3, 4], &x, &index, &mut y).expect("gather");
        assert_eq!(y, [2.0, 2.0, 0.0, 1.0, 4.0, 3.0, 5.0, 5.0]);
        let g = [1.0, 10.0, 100.0, 1000.0, 1.0, 10.0, 100.0, 1000.0];
        let mut out = [7.0; 6];
        scatter_add_last([2, 3, 4], &g, &index, &mut out, false).expect("scatter");
        assert_eq!(out, [100.0, 1000.0, 11.0, 10.0, 1.0, 1100.0]);
        scatter_add_last([2, 3, 4], &g, &index, &mut out, true).expect("scatter");
        assert_eq!(out, [200.0, 2000.0, 22.0, 20.0, 2.0, 2200.0]);
    }

    #[test]
    fn an_index_out_of_range_is_refused_with_its_position() {
        let error = gather_last([2, 3, 1], &[0.0f32; 6], &[0, 3], &mut [0.0; 2]).expect_err("3 of 3");
        assert_eq!(error.to_string(), "gather: index 3 at position 1 is not below 3");
        assert!(scatter_add_last([1, 2, 1], &[1.0f32], &[9], &mut [0.0; 2], false).is_err());
        assert!(scatter_add_last([1, 0, 1], &[1.0f32], &[0], &mut [], false).is_err());
        assert!(gather_last([1, 0, 1], &[0.0f32; 0], &[0], &mut [0.0]).is_err());
    }
}
