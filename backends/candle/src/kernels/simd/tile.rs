//! Weights times shifted pictures: the inner loop of the forward convolution and of its input gradient.
//!
//! A tile is a few channels by a few vectors of neighbouring pixels. For each tap the loop broadcasts one weight per channel
//! and reads each vector's pixels, shifted by the tap's offset, straight from the picture.

use super::vector::Vector;
use super::{LONG, ROWS, VECTORS, prefetch};

/// `target[j][i·stride + l] (+)= Σ_t weights[t][i] · source[j][offsets[t] + l]` for row i, vector j, lane l.
pub struct Tile<T> {
    /// Number of taps.
    pub taps: usize,
    /// `[taps][rows]`.
    pub weights: *const T,
    /// Per tap, in entries.
    pub offsets: *const u32,
    /// Per vector, the pixels of tap offset zero.
    pub source: [*const T; LONG],
    /// Per vector, the output pixels in the first row.
    pub target: [*mut T; LONG],
    /// From one row's output to the next.
    pub stride: usize,
    /// Whether to add to what is there.
    pub add: bool,
}

/// Runs a tile of R rows and N vectors.
///
/// # Safety
/// The processor must have V's instructions; all entries named in [`Tile`] must be readable or writable, and nobody
/// else may use the target.
#[allow(clippy::needless_range_loop)] // several arrays are walked side by side
#[inline(always)]
pub unsafe fn run<V: Vector, const R: usize, const N: usize>(t: &Tile<V::Entry>) {
    // SAFETY: every access is one that the type's formula names, valid by the caller's promise.
    unsafe {
        // Rows of the output are planes apart, which no processor foresees; the loop hides the wait.
        for i in 0..R {
            for j in 0..N {
                prefetch(t.target[j].wrapping_add(i * t.stride));
            }
        }
        let widest = if R == ROWS && N == VECTORS { V::widest(t) } else { None };
        let sums: [[V; N]; R] = match widest {
            Some(sums) => std::array::from_fn(|i| std::array::from_fn(|j| sums[i][j])),
            None => sums(t),
        };
        for (i, row) in sums.iter().enumerate() {
            for j in 0..N {
                let p = t.target[j].add(i * t.stride);
                let v = if t.add { V::load(p).add(row[j]) } else { row[j] };
                v.store(p);
            }
        }
    }
}

/// The sums of a tile.
///
/// # Safety
/// As for [`run`].
#[allow(clippy::needless_range_loop)] // as above
#[inline(always)]
unsafe fn sums<V: Vector, const R: usize, const N: usize>(t: &Tile<V::Entry>) -> [[V; N]; R] {
    // SAFETY: as for `run`.
    unsafe {
        let mut sums = [[V::zero(); N]; R];
        let mut weights = t.weights;
        let mut offsets = t.offsets;
        let end = offsets.add(t.taps);
        while offsets != end {
            let shift = *offsets as usize;
            if N <= VECTORS {
                let mut pixels = [V::zero(); VECTORS];
                for j in 0..N {
                    pixels[j] = V::load(t.source[j].add(shift));
                }
                for (i, row) in sums.iter_mut().enumerate() {
                    let w = V::splat(*weights.add(i));
                    for j in 0..N {
                        row[j] = row[j].multiply_add(w, pixels[j]);
                    }
                }
            } else {
                let mut w = [V::zero(); R];
                for (i, w) in w.iter_mut().enumerate() {
                    *w = V::splat(*weights.add(i));
                }
                for j in 0..N {
                    let pixels = V::load(t.source[j].add(shift));
                    for (row, w) in sums.iter_mut().zip(&w) {
                        row[j] = row[j].multiply_add(*w, pixels);
                    }
                }
            }
            weights = weights.add(R);
            offsets = offsets.add(1);
        }
        sums
    }
}
