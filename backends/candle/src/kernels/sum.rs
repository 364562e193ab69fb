//! Sums over axes of a contiguous array.
//!
//! Neighbouring axes of one kind are merged first, which leaves kept and summed axes in turn. Numbers are added up in f64 in
//! blocks of a few thousand, and blocks in order: an f32 sum over ten million entries is then right to its last bit or
//! so, and the cost is hidden behind reading memory. Kahan summation was decided against: slower, and not vectorisable
//! without giving up most of its benefit.

use super::Real;
use super::disjoint::Disjoint;
use super::error::{KernelError, Result, expect_len, product};
use rayon::prelude::*;

const NAME: &str = "sum";
/// Entries that are added up before the sum is put aside.
const BLOCK: usize = 4096;
/// Output columns that are summed side by side.
const COLUMNS: usize = 512;
/// Tasks to aim for.
const TASKS: usize = 32;

/// The sum of `x`, of sizes `dims`, over the axes marked in `summed`, added to `out` where `accumulate`; `out` has the kept
/// axes in their order.
///
/// Work: one addition per entry; memory: up to 32 partial results in f64.
///
/// # Errors
/// Where a slice has another length, or `dims` and `summed` have different lengths.
pub fn sum_axes<T: Real>(x: &[T], dims: &[usize], summed: &[bool], out: &mut [T], accumulate: bool) -> Result {
    if dims.len() != summed.len() {
        let reason = format!("{} sizes but {} marks", dims.len(), summed.len());
        return Err(KernelError::Shape { kernel: NAME, reason });
    }
    expect_len(NAME, "operand", x.len(), product(NAME, dims)?)?;
    let kept: Vec<usize> = dims.iter().zip(summed).filter(|(_, s)| !**s).map(|(d, _)| *d).collect();
    expect_len(NAME, "result", out.len(), product(NAME, &kept)?)?;
    if out.is_empty() {
        return Ok(());
    }
    if x.is_empty() {
        if !accumulate {
            out.fill(T::ZERO);
        }
        return Ok(());
    }
    let plan = Plan::new(dims, summed);
    // Lines (contiguous stretches to add up) are cut into chunks only where there are too few pieces of output to share.
    let pieces = plan.pieces();
    let chunks = if x.len() < 1 << 15 { 1 } else { TASKS.div_ceil(pieces).min(plan.lines) };
    let mut partial = vec![0.0f64; chunks * out.len()];
    let shared = Disjoint::new(&mut partial);
    let small = (1 << 14) / (x.len() / (chunks * pieces)).max(1) + 1;
    (0..chunks * pieces).into_par_iter().with_min_len(small).for_each(|i| {
        let (chunk, piece) = (i / pieces, i % pieces);
        let (start, len) = plan.output(piece);
        // SAFETY: pieces tile the output, chunks tile the partial results.
        let sums = unsafe { shared.part(chunk * out.len() + start, len) };
        for line in plan.lines * chunk / chunks..plan.lines * (chunk + 1) / chunks {
            plan.add(x, piece, line, sums);
        }
    });
    for (i, o) in out.iter_mut().enumerate() {
        let sum: f64 = partial.iter().skip(i).step_by(kept.iter().product()).sum();
        *o = if accumulate { T::from_f64(o.to_f64() + sum) } else { T::from_f64(sum) };
    }
    Ok(())
}

/// Merged axes, split into those that name a piece of output, those that name a line, and the contiguous rest.
struct Plan {
    /// (size, step) of kept axes before the last group, slowest first.
    kept: Vec<[usize; 2]>,
    /// (size, step) of summed axes before the last group.
    summed: Vec<[usize; 2]>,
    /// Length of the last group, and whether it is summed.
    last: usize,
    last_summed: bool,
    /// Cuts of the last group.
    cuts: usize,
    /// Lines per piece.
    lines: usize,
}

impl Plan {
    fn new(dims: &[usize], summed: &[bool]) -> Self {
        let mut groups: Vec<(usize, bool)> = Vec::new();
        for (&d, &s) in dims.iter().zip(summed).filter(|(d, _)| **d != 1) {
            match groups.last_mut() {
                Some(g) if g.1 == s => g.0 *= d,
                _ => groups.push((d, s)),
            }
        }
        let (last, last_summed) = groups.pop().unwrap_or((1, false));
        let (mut kept, mut lines_of) = (Vec::new(), Vec::new());
        let mut step = last;
        for &(d, s) in groups.iter().rev() {
            if s { &mut lines_of } else { &mut kept }.insert(0, [d, step]);
            step *= d;
        }
        let cuts = last.div_ceil(if last_summed { BLOCK } else { COLUMNS });
        let outer: usize = lines_of.iter().map(|a: &[usize; 2]| a[0]).product();
        let lines = if last_summed { outer * cuts } else { outer };
        Plan { kept, summed: lines_of, last, last_summed, cuts, lines }
    }

    /// Pieces of output, each summed by one loop.
    fn pieces(&self) -> usize {
        let outer: usize = self.kept.iter().map(|a| a[0]).product();
        if self.last_summed { outer } else { outer * self.cuts }
    }

    /// Where a piece of output starts, and its length.
    fn output(&self, piece: usize) -> (usize, usize) {
        if self.last_summed {
            return (piece, 1);
        }
        let (outer, from, to) = self.cut(piece);
        (outer * self.last + from, to - from)
    }

    /// The outer position, and the range of the last group, of a position that names both.
    fn cut(&self, i: usize) -> (usize, usize, usize) {
        let (outer, c) = (i / self.cuts, i % self.cuts);
        (outer, self.last * c / self.cuts, self.last * (c + 1) / self.cuts)
    }

    /// Adds one line to the sums of a piece.
    fn add<T: Real>(&self, x: &[T], piece: usize, line: usize, sums: &mut [f64]) {
        let (kept, summed, from, to) = if self.last_summed {
            let (outer, from, to) = self.cut(line);
            (piece, outer, from, to)
        } else {
            let (outer, from, to) = self.cut(piece);
            (outer, line, from, to)
        };
        let start = position(&self.kept, kept) + position(&self.summed, summed);
        let entries = &x[start + from..start + to];
        if self.last_summed {
            sums[0] += total(entries);
        } else {
            sums.iter_mut().zip(entries).for_each(|(s, v)| *s += v.to_f64());
        }
    }
}

fn position(axes: &[[usize; 2]], mut i: usize) -> usize {
    let mut at = 0;
    for &[size, step] in axes.iter().rev() {
        at += i % size * step;
        i /= size;
    }
    at
}

/// The sum of a block, in independent lanes.
fn total<T: Real>(x: &[T]) -> f64 {
    let mut lanes = [0.0f64; 16];
    let (blocks, rest) = x.as_chunks::<16>();
    for b in blocks {
        for (s, v) in lanes.iter_mut().zip(b) {
            *s += v.to_f64();
        }
    }
    for (s, v) in lanes.iter_mut().zip(rest) {
        *s += v.to_f64();
    }
    lanes.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn direct(x: &[f64], dims: &[usize], summed: &[bool]) -> Vec<f64> {
        let kept: usize = dims.iter().zip(summed).filter(|(_, s)| !**s).map(|(d, _)| *d).product();
        let mut out = vec![0.0; kept];
        for (i, v) in x.iter().enumerate() {
            let (mut rest, mut at, mut step) = (i, 0, 1);
            for (&d, &s) in dims.iter().zip(summed).rev() {
                if !s {
                    at += rest % d * step;
                    step *= d;
                }
                rest /= d;
            }
            out[at] += v;
        }
        out
    }

    proptest! {
        #[test]
        fn any_choice_of_axes_agrees_with_a_direct_sum(axes in prop::collection::vec((1usize..9, any::<bool>()), 0..5), add in any::<bool>()) {
            let (dims, summed): (Vec<usize>, Vec<bool>) = axes.into_iter().unzip();
            let x: Vec<f64> = (0..dims.iter().product::<usize>()).map(|i| ((i * 31) % 57) as f64).collect();
            let expected = direct(&x, &dims, &summed);
            let mut out = vec![if add { 3.0 } else { f64::NAN }; expected.len()];
            sum_axes(&x, &dims, &summed, &mut out, add).expect("sum");
            for (o, e) in out.iter().zip(&expected) {
                prop_assert_eq!(*o, e + if add { 3.0 } else { 0.0 });
            }
        }
    }

    #[test]
    fn large_sums_of_every_form_are_right_and_the_same_on_any_number_of_threads() {
        let dims = [40, 33, 1000];
        let x: Vec<f32> = (0..40 * 33 * 1000).map(|i| ((i * 7) % 1003) as f32).collect();
        let wide: Vec<f64> = x.iter().map(|&v| f64::from(v)).collect();
        for mask in 0..8 {
            let summed: Vec<bool> = (0..3).map(|i| mask >> i & 1 == 1).collect();
            let expected = direct(&wide, &dims, &summed);
            let run = |threads| {
                let mut out = vec![0.0f32; expected.len()];
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
                pool.install(|| sum_axes(&x, &dims, &summed, &mut out, false)).expect("sum");
                out
            };
            let found = run(2);
            assert_eq!(found, run(1));
            assert!(found.iter().zip(&expected).all(|(f, e)| (f64::from(*f) - e).abs() <= 6e-8 * e.abs()));
        }
    }

    #[test]
    fn ten_million_single_precision_entries_are_summed_to_the_last_bit_or_so() {
        let x: Vec<f32> = (0..10_000_000u32).map(|i| 0.1 + (i % 7) as f32 * 1e-3).collect();
        let expected: f64 = x.iter().map(|&v| f64::from(v)).sum();
        let mut out = [0.0f32];
        sum_axes(&x, &[x.len()], &[true], &mut out, false).expect("sum");
        assert!((f64::from(out[0]) / expected - 1.0).abs() < 1e-7);
    }
}
