//! Pictures times shifted pictures, summed over pixels: the inner loop of the weight gradient.
//!
//! Both operands are read along pixels, so nothing is packed or transposed; each accumulator keeps one partial sum per
//! lane, which is also more accurate than one running sum. Lanes are added up once per call, so a call should cover
//! many pixels.

use super::vector::Vector;
use super::{ROWS, VECTORS};

/// `sums[3·i + j] = Σ_s Σ_l left[i][offsets[s].0 + l] · right[j][offsets[s].1 + l]` for row i, column j, lane l.
pub struct Correlation<T> {
    /// Number of vectors to sum over.
    pub steps: usize,
    /// Per step, where to read left and right.
    pub offsets: *const [usize; 2],
    /// Output-gradient planes.
    pub left: [*const T; ROWS],
    /// Input planes, shifted by a tap.
    pub right: [*const T; VECTORS],
    /// `[rows][VECTORS]`.
    pub sums: *mut T,
}

/// Runs R rows by N columns.
///
/// # Safety
/// The processor must have V's instructions; all entries named in [`Correlation`] must be readable or writable.
#[allow(clippy::needless_range_loop)] // several arrays are walked side by side
#[inline(always)]
pub unsafe fn run<V: Vector, const R: usize, const N: usize>(t: &Correlation<V::Entry>) {
    // SAFETY: every access is one that the type's formula names, valid by the caller's promise.
    unsafe {
        let mut sums = [[V::zero(); N]; R];
        let mut step = t.offsets;
        let end = step.add(t.steps);
        while step != end {
            let [l, r] = *step;
            let mut right = [V::zero(); N];
            for j in 0..N {
                right[j] = V::load(t.right[j].add(r));
            }
            for (i, row) in sums.iter_mut().enumerate() {
                let left = V::load(t.left[i].add(l));
                for j in 0..N {
                    row[j] = row[j].multiply_add(left, right[j]);
                }
            }
            step = step.add(1);
        }
        for j in 0..N {
            if R == ROWS {
                for (i, sum) in V::sum4([sums[0][j], sums[1 % R][j], sums[2 % R][j], sums[3 % R][j]]).iter().enumerate()
                {
                    *t.sums.add(i * VECTORS + j) = *sum;
                }
            } else {
                for (i, row) in sums.iter().enumerate() {
                    *t.sums.add(i * VECTORS + j) = row[j].sum();
                }
            }
        }
    }
}
