//! The shape of a change under L2 and L1: two halves of opposite sign, each highest in its middle.
//!
//! Entry (r, s) of a half is Σ_k 1/(k+1)² over the nested rectangles around its middle that contain it (eq. 2 of the
//! publication: the shape that convolutions with random filters see best).

use hesse_core::attack::Norm;
use hesse_core::random::Stream;

/// One half, `rows` × `columns`, not scaled.
fn half(rows: usize, columns: usize) -> Vec<f64> {
    let mut out = vec![0.0; rows * columns];
    let (middle_row, middle_column) = (rows / 2, columns / 2);
    for k in 0..(rows / 2 + 1).max(columns / 2 + 1) {
        let range = |middle: usize, all: usize| middle.saturating_sub(k)..(middle + k + 1).min(all);
        for r in range(middle_row, rows) {
            for c in range(middle_column, columns) {
                out[r * columns + c] += 1.0 / ((k + 1) * (k + 1)) as f64;
            }
        }
    }
    out
}

fn scale(norm: Norm, v: &mut [f64]) {
    let length = norm.of(v);
    if length > 0.0 {
        v.iter_mut().for_each(|v| *v /= length);
    }
}

/// A change of length one, `rows` × `columns`, cut across or along at random.
pub(super) fn bump(norm: Norm, rows: usize, columns: usize, stream: &mut Stream) -> Vec<f64> {
    // A single row or column can be cut one way only.
    let across = if rows == 1 || columns == 1 { columns == 1 } else { stream.bits() & 1 == 0 };
    let mut out = vec![0.0; rows * columns];
    let whole = if across { rows } else { columns };
    let first = whole / 2;
    for (offset, size, sign) in [(0, first, 1.0), (first, whole - first, -1.0)] {
        let (r, c) = if across { (size, columns) } else { (rows, size) };
        let mut part = half(r, c);
        scale(norm, &mut part);
        for (i, v) in part.iter().enumerate() {
            let (row, column) = (i / c.max(1), i % c.max(1));
            let at = if across { (row + offset) * columns + column } else { row * columns + column + offset };
            out[at] = sign * v;
        }
    }
    scale(norm, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use hesse_core::random::Purpose;

    #[test]
    fn halves_have_opposite_signs_and_equal_lengths_and_are_highest_in_their_middle() {
        let mut stream = Stream::new(0, Purpose::Probe, 0);
        for norm in [Norm::L2, Norm::L1] {
            for (rows, columns) in [(6, 6), (5, 5), (1, 8), (3, 1), (1, 1)] {
                let b = bump(norm, rows, columns, &mut stream);
                assert!((norm.of(&b) - 1.0).abs() < 1e-12, "{rows} {columns}: {b:?}");
                let up: Vec<f64> = b.iter().copied().filter(|v| *v > 0.0).collect();
                let down: Vec<f64> = b.iter().copied().filter(|v| *v < 0.0).collect();
                if rows * columns > 1 {
                    assert!((norm.of(&up) - norm.of(&down)).abs() < 1e-12, "{rows} {columns}");
                }
                assert!(b.iter().all(|v| *v != 0.0));
            }
        }
        assert_eq!(half(3, 3), [0.25, 0.25, 0.25, 0.25, 1.25, 0.25, 0.25, 0.25, 0.25]);
    }
}
