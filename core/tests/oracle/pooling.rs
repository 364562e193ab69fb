//! Windows over planes: where the maximum is, and means.

use super::number::Num;
use super::value::Value;
use hesse_core::graph::Window;

/// The entries of the plane that window (i, j) covers, in row-major order.
pub fn covered(w: &Window, i: usize, j: usize) -> impl Iterator<Item = usize> + use<> {
    let range = |axis: usize, at: usize| {
        let first = at * w.stride[axis];
        let low = first.max(w.padding[axis]) - w.padding[axis];
        let high = (first + w.kernel[axis]).saturating_sub(w.padding[axis]).min(w.input[axis]);
        low..high.max(low)
    };
    let (rows, columns, width) = (range(0, i), range(1, j), w.input[1]);
    rows.flat_map(move |h| columns.clone().map(move |v| h * width + v))
}

fn each_window(shape: &[usize]) -> impl Iterator<Item = (usize, usize, usize, usize)> + use<> {
    let (planes, rows, columns) = (shape[0] * shape[1], shape[2], shape[3]);
    (0..planes).flat_map(move |p| {
        (0..rows).flat_map(move |i| (0..columns).map(move |j| (p, i, j, (p * rows + i) * columns + j)))
    })
}

/// Position within the plane of the largest entry of each window; the first wins.
pub fn max_index<N: Num>(w: &Window, x: &Value<N>, shape: Vec<usize>) -> Value<N> {
    let plane = w.input[0] * w.input[1];
    let mut index = vec![0; shape.iter().product()];
    for (p, i, j, to) in each_window(&shape) {
        let mut best: Option<usize> = None;
        for at in covered(w, i, j) {
            let value = |at: usize| x.numbers()[p * plane + at].real();
            if best.is_none_or(|b| value(at) > value(b)) {
                best = Some(at);
            }
        }
        index[to] = best.unwrap_or(0) as u32;
    }
    Value::index(shape, index)
}

/// The numbers a window's entries are divided by.
fn divisor(w: &Window, count_padding: bool, i: usize, j: usize) -> f64 {
    if count_padding { (w.kernel[0] * w.kernel[1]) as f64 } else { covered(w, i, j).count() as f64 }
}

/// Means over windows.
pub fn average<N: Num>(w: &Window, count_padding: bool, x: &Value<N>, shape: Vec<usize>) -> Value<N> {
    let plane = w.input[0] * w.input[1];
    let mut y = vec![N::constant(0.0); shape.iter().product()];
    for (p, i, j, to) in each_window(&shape) {
        let share = N::constant(1.0 / divisor(w, count_padding, i, j));
        for at in covered(w, i, j) {
            y[to] = y[to] + x.numbers()[p * plane + at] * share;
        }
    }
    Value::real(shape, y)
}

/// The adjoint: each window's number spread over its entries.
pub fn spread<N: Num>(w: &Window, count_padding: bool, g: &Value<N>, shape: Vec<usize>) -> Value<N> {
    let plane = w.input[0] * w.input[1];
    let mut x = vec![N::constant(0.0); shape.iter().product()];
    for (p, i, j, from) in each_window(&g.shape) {
        let share = N::constant(1.0 / divisor(w, count_padding, i, j));
        for at in covered(w, i, j) {
            x[p * plane + at] = x[p * plane + at] + g.numbers()[from] * share;
        }
    }
    Value::real(shape, x)
}
