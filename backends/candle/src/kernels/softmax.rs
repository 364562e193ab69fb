//! Softmax and cross-entropy along rows, exact where a sample is saturated.
//!
//! A trained network is sure of most samples: p_y = 1 − 1e-9 is usual, and the loss, the gradient and the Hessian of such a
//! sample live in 1 − p_y, which single precision cannot see once it has been rounded into p_y. So nothing here subtracts
//! a probability from 1: differences are sums over the *other* classes, and logits are taken relative to the largest.
//!
//! Rows are short beside everything else in a network, so sums are kept in f64 throughout.

use super::Real;
use super::error::{KernelError, Result, expect_indices, expect_len};
use super::math;
use rayon::prelude::*;

/// Entries that one task handles at least.
const TASK: usize = 1 << 12;

fn check(kernel: &'static str, columns: usize, z: usize) -> Result<usize> {
    match z.checked_div(columns) {
        Some(rows) if rows * columns == z => Ok(rows),
        _ => Err(KernelError::Shape { kernel, reason: format!("{z} entries are not rows of {columns}") }),
    }
}

/// Position of the largest entry: the first wins a tie, NaN counts as the largest.
fn largest<T: Real>(row: &[T]) -> usize {
    let mut best = 0;
    for (i, &v) in row.iter().enumerate() {
        if v > row[best] || (v.is_nan() && !row[best].is_nan()) {
            best = i;
        }
    }
    best
}

/// z_m and Σ_{j≠m} exp(z_j − z_m), for m the largest.
fn dominant<T: Real>(z: &[T]) -> (usize, f64) {
    let m = largest(z);
    let top = z[m].to_f64();
    let rest = z.iter().enumerate().filter(|(j, _)| *j != m).map(|(_, v)| (v.to_f64() - top).exp()).sum();
    (m, rest)
}

/// `z [R, C] → index [R]` of each row's largest entry; the first wins a tie, NaN counts as the largest.
///
/// # Errors
/// Where z is not rows of that length, or index is not one per row.
pub fn arg_max<T: Real>(columns: usize, z: &[T], index: &mut [u32]) -> Result {
    expect_len("arg max", "output", index.len(), check("arg max", columns, z.len())?)?;
    let task = TASK / columns + 1;
    index.par_iter_mut().zip(z.par_chunks_exact(columns)).with_min_len(task).for_each(|(i, z)| *i = largest(z) as u32);
    Ok(())
}

/// `z [R, C] → p [R, C]`, exp(z_i) / Σ exp(z_j) along rows.
///
/// # Errors
/// Where z is not rows of that length, or p is not as long.
pub fn softmax<T: Real>(columns: usize, z: &[T], p: &mut [T]) -> Result {
    check("softmax", columns, z.len())?;
    expect_len("softmax", "output", p.len(), z.len())?;
    rows(columns, p, |r, p| exponentials(&z[r * columns..][..columns], p, |_| ()));
    Ok(())
}

/// `z [R, C] → [R]`, log Σ exp(z_j).
///
/// # Errors
/// Where z is not rows of that length, or out is not one per row.
pub fn log_sum_exp<T: Real>(columns: usize, z: &[T], out: &mut [T]) -> Result {
    expect_len("log-sum-exp", "output", out.len(), check("log-sum-exp", columns, z.len())?)?;
    let task = TASK / columns + 1;
    out.par_iter_mut().zip(z.par_chunks_exact(columns)).with_min_len(task).for_each(|(o, z)| {
        let (m, rest) = dominant(z);
        let top = z[m].to_f64();
        // An infinite largest logit is the answer itself; the sum over the others is then not a number.
        *o = if top.is_infinite() { z[m] } else { T::from_f64(top + rest.ln_1p()) };
    });
    Ok(())
}

/// `(z [R, C], y [R]) → [R]`, log Σ exp(z_j) − z_y, accurate also where it is tiny.
///
/// # Errors
/// Where lengths do not fit or a label is not below C.
pub fn cross_entropy_gap<T: Real>(columns: usize, z: &[T], labels: &[u32], out: &mut [T]) -> Result {
    const NAME: &str = "cross-entropy";
    expect_len(NAME, "output", out.len(), check(NAME, columns, z.len())?)?;
    expect_len(NAME, "labels", labels.len(), out.len())?;
    expect_indices(NAME, labels, columns)?;
    let task = TASK / columns + 1;
    out.par_iter_mut().zip(z.par_chunks_exact(columns)).zip(labels).with_min_len(task).for_each(|((o, z), &y)| {
        let (m, rest) = dominant(z);
        *o = T::from_f64((z[m].to_f64() - z[y as usize].to_f64()) + rest.ln_1p());
    });
    Ok(())
}

/// `(z [R, C], y [R]) → [R, C]`, softmax(z) − e_y, its true class being −Σ_{j≠y} p_j.
///
/// # Errors
/// Where lengths do not fit or a label is not below C.
pub fn softmax_residual<T: Real>(columns: usize, z: &[T], labels: &[u32], out: &mut [T]) -> Result {
    const NAME: &str = "softmax residual";
    expect_len(NAME, "labels", labels.len(), check(NAME, columns, z.len())?)?;
    expect_len(NAME, "output", out.len(), z.len())?;
    expect_indices(NAME, labels, columns)?;
    rows(columns, out, |r, out| {
        let y = labels[r] as usize;
        exponentials(&z[r * columns..][..columns], out, |p| {
            let others: f64 = p.iter().enumerate().filter(|(j, _)| *j != y).map(|(_, e)| e.to_f64()).sum();
            p[y] = T::from_f64(-others);
        });
    });
    Ok(())
}

/// `(p [R, C], u [R, C]) → [R, C]`, (diag p − p pᵀ) u as p_i (u_i − Σ_j p_j u_j), u being taken relative to its entry for the
/// dominant class, so that a saturated sample loses no digits.
///
/// # Errors
/// Where lengths do not fit.
pub fn softmax_covariance<T: Real>(columns: usize, p: &[T], u: &[T], out: &mut [T]) -> Result {
    centre("softmax covariance", columns, p, u, out, |p, centred| p * centred)
}

/// `(p [R, C], u [R, C]) → [R, C]`, u_i − Σ_j p_j u_j, as [`softmax_covariance`] computes it.
///
/// # Errors
/// Where lengths do not fit.
pub fn softmax_centre<T: Real>(columns: usize, p: &[T], u: &[T], out: &mut [T]) -> Result {
    centre("softmax centre", columns, p, u, out, |_, centred| centred)
}

fn centre<T: Real>(
    name: &'static str,
    columns: usize,
    p: &[T],
    u: &[T],
    out: &mut [T],
    entry: impl Fn(f64, f64) -> f64 + Sync,
) -> Result {
    check(name, columns, p.len())?;
    expect_len(name, "direction", u.len(), p.len())?;
    expect_len(name, "output", out.len(), p.len())?;
    rows(columns, out, |r, out| {
        let (p, u) = (&p[r * columns..][..columns], &u[r * columns..][..columns]);
        let m = largest(p);
        let shift = u[m].to_f64();
        // The dominant class contributes p_m·0, exactly.
        let mean: f64 = p.iter().zip(u).map(|(p, u)| p.to_f64() * (u.to_f64() - shift)).sum();
        for ((o, p), u) in out.iter_mut().zip(p).zip(u) {
            *o = T::from_f64(entry(p.to_f64(), (u.to_f64() - shift) - mean));
        }
    });
    Ok(())
}

fn rows<T: Real>(columns: usize, out: &mut [T], f: impl Fn(usize, &mut [T]) + Sync) {
    out.par_chunks_exact_mut(columns).enumerate().with_min_len(TASK / columns + 1).for_each(|(r, out)| f(r, out));
}

/// Writes exp(z_i − z_m), lets `adjust` change them and divides by the sum.
fn exponentials<T: Real>(z: &[T], out: &mut [T], adjust: impl Fn(&mut [T])) {
    let top = z[largest(z)];
    out.iter_mut().zip(z).for_each(|(o, &v)| *o = v - top);
    math::exp(out);
    let sum: f64 = out.iter().map(|e| e.to_f64()).sum();
    adjust(out);
    let scale = 1.0 / sum;
    out.iter_mut().for_each(|o| *o = T::from_f64(o.to_f64() * scale));
}

#[cfg(test)]
mod tests {
    use super::*;

    const Z: [f64; 6] = [0.5, -1.0, 2.0, 40.0, 1.0, 3.0];

    fn single(v: &[f64]) -> Vec<f32> {
        v.iter().map(|&v| v as f32).collect()
    }

    #[test]
    fn rows_of_softmax_are_the_normalised_exponentials() {
        let mut p = [0.0; 6];
        softmax(3, &Z, &mut p).expect("softmax");
        for r in 0..2 {
            let sum: f64 = Z[3 * r..][..3].iter().map(|v| v.exp()).sum();
            (0..3).for_each(|i| assert!((p[3 * r + i] / (Z[3 * r + i].exp() / sum) - 1.0).abs() < 1e-13));
        }
        let mut l = [0.0; 2];
        log_sum_exp(3, &Z, &mut l).expect("log-sum-exp");
        assert!((l[0] - Z[..3].iter().map(|v| v.exp()).sum::<f64>().ln()).abs() < 1e-15);
    }

    #[test]
    fn the_loss_of_a_saturated_sample_keeps_its_digits_in_single_precision() {
        let z = [0.0f64, 21.0, -3.0];
        let exact = ((-21.0f64).exp() + (-24.0f64).exp()).ln_1p();
        let mut gap = [0.0f32];
        cross_entropy_gap(3, &single(&z), &[1], &mut gap).expect("loss");
        assert!((f64::from(gap[0]) / exact - 1.0).abs() < 1e-6);
        let mut residual = [0.0f32; 3];
        softmax_residual(3, &single(&z), &[1], &mut residual).expect("residual");
        let true_class = -((-21.0f64).exp() + (-24.0f64).exp()) / (1.0 + (-21.0f64).exp() + (-24.0f64).exp());
        assert!((f64::from(residual[1]) / true_class - 1.0).abs() < 1e-6);
    }

    #[test]
    fn the_loss_of_a_wrong_sample_is_the_distance_to_the_winner() {
        let mut gap = [0.0f64; 2];
        cross_entropy_gap(3, &Z, &[1, 2], &mut gap).expect("loss");
        assert!((gap[1] - 37.0).abs() < 1e-12);
        assert!((gap[0] - (Z[..3].iter().map(|v| v.exp()).sum::<f64>().ln() + 1.0)).abs() < 1e-14);
    }

    #[test]
    fn the_covariance_of_a_saturated_row_keeps_its_digits_in_single_precision() {
        let small = [1e-9f64, 3e-10];
        let p = [small[0] as f32, 1.0, small[1] as f32];
        let u = [1.5f64, 1000.0, -2.0];
        let (mut covariance, mut centred) = ([0.0f32; 3], [0.0f32; 3]);
        softmax_covariance(3, &p, &single(&u), &mut covariance).expect("covariance");
        softmax_centre(3, &p, &single(&u), &mut centred).expect("centre");
        let w = [u[0] - 1000.0, 0.0, u[2] - 1000.0];
        let s = small[0] * w[0] + small[1] * w[2];
        for i in 0..3 {
            let expected = f64::from(p[i]) * (w[i] - s);
            assert!((f64::from(covariance[i]) - expected).abs() <= 1e-6 * expected.abs(), "{i}");
            assert!((f64::from(centred[i]) - (w[i] - s)).abs() <= 1e-6 * (w[i] - s).abs(), "{i}");
        }
    }

    #[test]
    fn extreme_logits_stay_finite() {
        let z = [1e30f32, -1e30, 0.0, f32::NEG_INFINITY, 5.0, 5.0];
        let (mut p, mut l) = ([0.0; 6], [0.0; 2]);
        softmax(3, &z, &mut p).expect("softmax");
        assert_eq!(p, [1.0, 0.0, 0.0, 0.0, 0.5, 0.5]);
        log_sum_exp(3, &z, &mut l).expect("log-sum-exp");
        assert_eq!(l[0], 1e30);
    }

    #[test]
    fn the_first_of_equal_entries_is_the_largest_and_nan_is_larger_still() {
        let mut index = [0; 3];
        arg_max(2, &[1.0f32, 1.0, 0.0, 2.0, 7.0, f32::NAN], &mut index).expect("arg max");
        assert_eq!(index, [0, 1, 1]);
    }

    #[test]
    fn a_label_out_of_range_is_refused_with_its_position() {
        let error = cross_entropy_gap(3, &Z, &[0, 3], &mut [0.0; 2]).expect_err("label 3 of 3");
        assert_eq!(error.to_string(), "cross-entropy: index 3 at position 1 is not below 3");
        assert!(softmax_residual(3, &Z, &[0, 3], &mut [0.0; 6]).is_err());
        assert!(softmax(4, &Z, &mut [0.0; 6]).is_err());
        assert!(softmax(0, &Z, &mut [0.0; 6]).is_err());
    }
}
