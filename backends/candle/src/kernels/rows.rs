//! Looking up rows of a table, and adding rows into one.

use super::Real;
use super::disjoint::Disjoint;
use super::error::{Result, expect_indices, expect_len, product};
use rayon::prelude::*;

/// `(table [V, D], index [M]) → out [M, D]`, for sizes `[V, D]`.
///
/// # Errors
/// Where a slice has another length, or an index is not below V.
pub fn take_rows<T: Real>([v, d]: [usize; 2], table: &[T], index: &[u32], out: &mut [T]) -> Result {
    const NAME: &str = "row lookup";
    expect_len(NAME, "table", table.len(), product(NAME, &[v, d])?)?;
    expect_len(NAME, "output", out.len(), product(NAME, &[index.len(), d])?)?;
    expect_indices(NAME, index, v)?;
    if d > 0 {
        out.par_chunks_exact_mut(d).zip(index).with_min_len((1 << 13) / d + 1).for_each(|(out, &i)| {
            out.copy_from_slice(&table[i as usize * d..][..d]);
        });
    }
    Ok(())
}

/// `(g [M, D], index [M]) → out [V, D]`, the adjoint of [`take_rows`]: `out[index[i]] += g[i]` in the order of i, for sizes
/// `[V, D]`; out starts from zero unless `accumulate`.
///
/// Each task owns a range of table rows and scans the whole index, so no order is left to chance.
///
/// # Errors
/// Where a slice has another length, or an index is not below V.
pub fn put_rows<T: Real>([v, d]: [usize; 2], g: &[T], index: &[u32], out: &mut [T], accumulate: bool) -> Result {
    const NAME: &str = "row sum";
    expect_len(NAME, "output", out.len(), product(NAME, &[v, d])?)?;
    expect_len(NAME, "rows", g.len(), product(NAME, &[index.len(), d])?)?;
    expect_indices(NAME, index, v)?;
    if out.is_empty() {
        return Ok(());
    }
    let tasks = (g.len() + out.len()).div_ceil(1 << 14).clamp(1, 16.min(v));
    let shared = Disjoint::new(out);
    (0..tasks).into_par_iter().for_each(|t| {
        let (from, to) = (v * t / tasks, v * (t + 1) / tasks);
        // SAFETY: the ranges of the tasks tile the table.
        let part = unsafe { shared.part(from * d, (to - from) * d) };
        if !accumulate {
            part.fill(T::ZERO);
        }
        for (g, &i) in g.chunks_exact(d).zip(index) {
            if (from..to).contains(&(i as usize)) {
                let row = &mut part[(i as usize - from) * d..][..d];
                row.iter_mut().zip(g).for_each(|(o, &g)| *o += g);
            }
        }
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_copied_by_index_and_added_back_where_they_came_from() {
        let table = [1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0];
        let (mut out, mut back) = ([0.0; 8], [9.0; 6]);
        take_rows([3, 2], &table, &[2, 0, 2, 1], &mut out).expect("lookup");
        assert_eq!(out, [5.0, 6.0, 1.0, 2.0, 5.0, 6.0, 3.0, 4.0]);
        put_rows([3, 2], &out, &[2, 0, 2, 1], &mut back, false).expect("sum");
        assert_eq!(back, [1.0, 2.0, 3.0, 4.0, 10.0, 12.0]);
        put_rows([3, 2], &out, &[2, 0, 2, 1], &mut back, true).expect("sum");
        assert_eq!(back, [2.0, 4.0, 6.0, 8.0, 20.0, 24.0]);
    }

    #[test]
    fn a_large_sum_does_not_depend_on_the_number_of_threads() {
        let index: Vec<u32> = (0..5000).map(|i| i * i % 97).collect();
        let g: Vec<f32> = (0..5000 * 24).map(|i| 1.0 / (1.0 + i as f32)).collect();
        let run = |threads| {
            let mut out = vec![0.0; 97 * 24];
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
            pool.install(|| put_rows([97, 24], &g, &index, &mut out, false)).expect("sum");
            out
        };
        assert_eq!(run(1), run(3));
    }

    #[test]
    fn a_row_that_does_not_exist_is_refused() {
        assert!(take_rows([2, 1], &[0.0f32; 2], &[2], &mut [0.0]).is_err());
        assert!(put_rows([2, 1], &[0.0f32], &[2], &mut [0.0; 2], false).is_err());
    }
}
