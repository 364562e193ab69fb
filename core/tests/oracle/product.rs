//! The matrix product by its definition.

use super::number::{Num, sum};
use super::value::Value;

/// `op(a)·op(b)` over the last two axes.
pub fn matmul<N: Num>(a: &Value<N>, ta: bool, b: &Value<N>, tb: bool, shape: Vec<usize>) -> Value<N> {
    let rank = shape.len();
    let (m, n) = (shape[rank - 2], shape[rank - 1]);
    let inner = a.shape[if ta { rank - 2 } else { rank - 1 }];
    let mut y = Vec::with_capacity(shape.iter().product());
    for batch in 0..shape[..rank - 2].iter().product() {
        let (a, b) = (&a.numbers()[batch * m * inner..], &b.numbers()[batch * inner * n..]);
        for i in 0..m {
            for j in 0..n {
                y.push(sum((0..inner).map(|k| {
                    let left = if ta { a[k * m + i] } else { a[i * inner + k] };
                    let right = if tb { b[j * inner + k] } else { b[k * n + j] };
                    left * right
                })));
            }
        }
    }
    Value::real(shape, y)
}
