//! Convolution as the trilinear form it is: one list of (x, w, y) entries that meet, read in three ways.

use super::number::Num;
use super::value::Value;
use hesse_core::graph::Convolution;

/// Which of the three tensors is computed from the other two.
#[derive(Clone, Copy, PartialEq)]
pub enum Wanted {
    /// y = x ∗ w.
    Output,
    /// x̄ from ȳ and w.
    Input,
    /// w̄ from x and ȳ.
    Weight,
}

/// Sums the products of the two given tensors over all entries that meet. Operands in the order of the primitive.
pub fn convolve<N: Num>(c: &Convolution, wanted: Wanted, a: &Value<N>, b: &Value<N>, shape: Vec<usize>) -> Value<N> {
    let (xs, ws, ys) = match wanted {
        Wanted::Output => (&a.shape, &b.shape, &shape),
        Wanted::Input => (&shape, &b.shape, &a.shape),
        Wanted::Weight => (&a.shape, &shape, &b.shape),
    };
    let mut result = vec![N::constant(0.0); shape.iter().product()];
    let (a, b) = (a.numbers(), b.numbers());
    let per_group_out = ws[0] / c.groups;
    let per_group_in = ws[1];
    for n in 0..ys[0] {
        for o in 0..ws[0] {
            for i in 0..per_group_in {
                let channel = (o / per_group_out) * per_group_in + i;
                for (row, column) in (0..ys[2]).flat_map(|r| (0..ys[3]).map(move |q| (r, q))) {
                    let y = ((n * ws[0] + o) * ys[2] + row) * ys[3] + column;
                    for (p, q) in (0..c.kernel[0]).flat_map(|p| (0..c.kernel[1]).map(move |q| (p, q))) {
                        // Positions within the padded image.
                        let h = row * c.stride[0] + p * c.dilation[0];
                        let w = column * c.stride[1] + q * c.dilation[1];
                        let inside =
                            |at: usize, axis: usize| at.checked_sub(c.padding[axis]).filter(|&at| at < c.input[axis]);
                        let (Some(h), Some(w)) = (inside(h, 0), inside(w, 1)) else { continue };
                        let x = ((n * xs[1] + channel) * xs[2] + h) * xs[3] + w;
                        let k = ((o * ws[1] + i) * ws[2] + p) * ws[3] + q;
                        let (to, product) = match wanted {
                            Wanted::Output => (y, a[x] * b[k]),
                            Wanted::Input => (x, a[y] * b[k]),
                            Wanted::Weight => (k, a[x] * b[y]),
                        };
                        result[to] = result[to] + product;
                    }
                }
            }
        }
    }
    Value::real(shape, result)
}
