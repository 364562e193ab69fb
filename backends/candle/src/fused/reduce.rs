//! Summing the result of a fused chain over some axes.
//!
//! The positions are cut into a fixed number of blocks, whatever the number of threads, so the same input gives the same
//! bits on any machine. Sums are carried in f64: a sum of 10⁷ numbers in f32 is then accurate to rounding of the result.

use super::expression::Expression;
use super::machine::{CHUNK, evaluate};
use crate::element::Element;
use rayon::prelude::*;

/// One group of adjacent axes that are all kept or all summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Axis {
    pub size: usize,
    pub summed: bool,
}

/// Blocks at the most, and entries of all blocks' partial sums together.
const BLOCKS: usize = 32;
const PARTIALS: usize = 1 << 20;

/// `out[kept] = Σ_summed expression`. `axes` are outermost first and alternate between kept and summed.
pub(crate) fn reduce<T: Element>(expression: &Expression, operands: &[&[T]], axes: &[Axis], out: &mut [T]) {
    let total: usize = axes.iter().map(|a| a.size).product();
    if total == 0 {
        out.fill(T::narrow(0.0));
        return;
    }
    let kept = out.len();
    let blocks = BLOCKS.min(PARTIALS / kept.max(1)).min(total.div_ceil(4 * CHUNK)).max(1);
    let length = total.div_ceil(blocks).next_multiple_of(CHUNK);
    let mut partial = vec![0.0f64; blocks * kept];
    partial.par_chunks_mut(kept.max(1)).enumerate().for_each(|(block, sums)| {
        let mut stack = vec![T::narrow(0.0); expression.depth.max(1) * CHUNK];
        let mut chunk = [T::narrow(0.0); CHUNK];
        let end = total.min((block + 1) * length);
        let mut start = block * length;
        while start < end {
            let n = CHUNK.min(end - start);
            evaluate(expression, operands, start, &mut chunk[..n], &mut stack);
            add(&chunk[..n], start, axes, sums);
            start += n;
        }
    });
    for (i, value) in out.iter_mut().enumerate() {
        *value = T::narrow((0..blocks).map(|b| partial[b * kept + i]).sum());
    }
}

/// Adds consecutive positions from `start` on to the sums they belong to.
fn add<T: Element>(values: &[T], start: usize, axes: &[Axis], sums: &mut [f64]) {
    let Some(last) = axes.last() else {
        sums[0] += values.first().map_or(0.0, |v| v.wide());
        return;
    };
    let mut done = 0;
    while done < values.len() {
        let position = start + done;
        let within = position % last.size;
        let count = (last.size - within).min(values.len() - done);
        let part = &values[done..done + count];
        let base = kept_index(position / last.size, &axes[..axes.len() - 1]);
        if last.summed {
            sums[base] += sum(part);
        } else {
            let target = &mut sums[base * last.size + within..][..count];
            target.iter_mut().zip(part).for_each(|(s, v)| *s += v.wide());
        }
        done += count;
    }
}

/// The index among the kept axes of a row-major position over all of them.
fn kept_index(mut position: usize, axes: &[Axis]) -> usize {
    let (mut index, mut stride) = (0, 1);
    for axis in axes.iter().rev() {
        let i = position % axis.size;
        position /= axis.size;
        if !axis.summed {
            index += i * stride;
            stride *= axis.size;
        }
    }
    index
}

/// Eight lanes, so that the additions overlap and vectorise.
fn sum<T: Element>(values: &[T]) -> f64 {
    let mut lanes = [0.0f64; 8];
    let chunks = values.chunks_exact(8);
    let rest = chunks.remainder();
    for c in chunks {
        for (l, v) in lanes.iter_mut().zip(c) {
            *l += v.wide();
        }
    }
    lanes.iter().sum::<f64>() + rest.iter().map(|v| v.wide()).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::super::expression::{Access, Instruction, Load};
    use super::*;

    #[test]
    fn sums_over_batch_and_plane_keep_the_channel() {
        let (n, c, p) = (37, 5, 211);
        let a: Vec<f32> = (0..n * c * p).map(|i| ((i * 7919) % 1000) as f32 / 1000.0).collect();
        let e = Expression::new(vec![Instruction::Load(Load { operand: 0, access: Access::Dense })]);
        let axes = [Axis { size: n, summed: true }, Axis { size: c, summed: false }, Axis { size: p, summed: true }];
        let mut out = vec![0.0f32; c];
        reduce(&e, &[&a], &axes, &mut out);
        for (channel, &value) in out.iter().enumerate() {
            let expected: f64 = (0..n)
                .flat_map(|i| (0..p).map(move |j| (i, j)))
                .map(|(i, j)| f64::from(a[(i * c + channel) * p + j]))
                .sum();
            assert!((f64::from(value) - expected).abs() < 1e-6 * expected, "{value} {expected}");
        }
        let axes = [Axis { size: n, summed: false }, Axis { size: c * p, summed: true }];
        let mut rows = vec![0.0f32; n];
        reduce(&e, &[&a], &axes, &mut rows);
        let expected: f64 = a[3 * c * p..4 * c * p].iter().map(|v| f64::from(*v)).sum();
        assert!((f64::from(rows[3]) - expected).abs() < 1e-6 * expected);
    }
}
