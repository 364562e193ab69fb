//! The softmax family over rows, accurate for saturated outputs.
//!
//! The dominant class m is the reference everywhere: exponentials are of z_j − z_m, the loss is (z_m − z_y) + log1p(Σ_{j≠m}),
//! and p − e_y and (diag p − ppᵀ)u are formed from the small probabilities, never from 1 − p. So values that are 10⁻⁹ keep
//! their relative accuracy in f32. Rows are short; the arithmetic is in f64, which costs nothing beside the network.

use crate::element::Element;
use hesse_core::graph::Op;
use rayon::prelude::*;

/// Rows per task.
const ROWS: usize = 64;

fn dominant<T: Element>(row: &[T]) -> usize {
    let mut best = 0;
    for (i, v) in row.iter().enumerate() {
        if *v > row[best] || (v.wide().is_nan() && !row[best].wide().is_nan()) {
            best = i;
        }
    }
    best
}

/// The row's largest entry, its position, and Σ_{j≠m} exp(z_j − z_m).
fn tail<T: Element>(z: &[T]) -> (usize, f64, f64) {
    let m = dominant(z);
    let top = z[m].wide();
    (m, top, z.iter().enumerate().filter(|(j, _)| *j != m).map(|(_, v)| (v.wide() - top).exp()).sum())
}

/// Where each row of the result comes from.
fn rows<T: Element>(c: usize, z: &[T], out: &mut [T], f: impl Fn(usize, &[T], &mut [T]) + Sync) {
    out.par_chunks_mut(ROWS * c).zip(z.par_chunks(ROWS * c)).enumerate().for_each(|(task, (out, z))| {
        for (r, (out, z)) in out.chunks_exact_mut(c).zip(z.chunks_exact(c)).enumerate() {
            f(task * ROWS + r, z, out);
        }
    });
}

/// One number per row.
fn numbers<T: Element>(c: usize, z: &[T], out: &mut [T], f: impl Fn(usize, &[T]) -> f64 + Sync) {
    out.par_iter_mut()
        .with_min_len(ROWS)
        .zip(z.par_chunks(c))
        .enumerate()
        .for_each(|(r, (o, z))| *o = T::narrow(f(r, z)));
}

fn softmax_row<T: Element>(z: &[T], out: &mut [T]) {
    let (_, top, rest) = tail(z);
    out.iter_mut().zip(z).for_each(|(o, v)| *o = T::narrow((v.wide() - top).exp() / (1.0 + rest)));
}

/// u_i − Σ_j p_j u_j as (u_i − u_m) − Σ_{j≠m} p_j (u_j − u_m).
fn centred_row<T: Element>(p: &[T], u: &[T], mut write: impl FnMut(usize, f64)) {
    let m = dominant(p);
    let reference = u[m].wide();
    let mean: f64 = p.iter().zip(u).map(|(p, u)| p.wide() * (u.wide() - reference)).sum();
    u.iter().enumerate().for_each(|(i, u)| write(i, u.wide() - reference - mean));
}

/// Primitives of one real operand (rows of `c`).
pub(crate) fn one<T: Element>(op: &Op, c: usize, z: &[T], out: &mut [T]) {
    match op {
        Op::LogSumExp => numbers(c, z, out, |_, z| {
            let (_, top, rest) = tail(z);
            top + rest.ln_1p()
        }),
        _ => rows(c, z, out, |_, z, out| softmax_row(z, out)),
    }
}

/// Primitives of probabilities and a direction.
pub(crate) fn two<T: Element>(op: &Op, c: usize, p: &[T], u: &[T], out: &mut [T]) {
    let covariance = matches!(op, Op::SoftmaxCovariance);
    rows(c, p, out, |r, p, out| {
        centred_row(p, &u[r * c..][..c], |i, v| out[i] = T::narrow(if covariance { p[i].wide() * v } else { v }));
    });
}

/// Primitives of logits and labels.
pub(crate) fn labelled<T: Element>(op: &Op, c: usize, z: &[T], y: &[u32], out: &mut [T]) -> candle_core::Result<()> {
    if let Some(bad) = y.iter().find(|y| **y as usize >= c) {
        return Err(candle_core::Error::Msg(format!("expected labels below {c}, found {bad}")));
    }
    match op {
        Op::CrossEntropy => numbers(c, z, out, |r, z| {
            let (_, top, rest) = tail(z);
            top - z[y[r] as usize].wide() + rest.ln_1p()
        }),
        _ => rows(c, z, out, |r, z, out| {
            let (_, top, rest) = tail(z);
            let label = y[r] as usize;
            let mut others = 0.0;
            for (j, (o, v)) in out.iter_mut().zip(z).enumerate() {
                if j != label {
                    let p = (v.wide() - top).exp() / (1.0 + rest);
                    others += p;
                    *o = T::narrow(p);
                }
            }
            out[label] = T::narrow(-others);
        }),
    }
    Ok(())
}

/// The position of the largest entry of each row; the first wins a tie.
pub(crate) fn arg_max<T: Element>(c: usize, z: &[T], out: &mut [u32]) {
    out.iter_mut().zip(z.chunks_exact(c)).for_each(|(o, z)| *o = dominant(z) as u32);
}
