//! How far a point is from the nearest kink of the network.

use crate::oracle::pooling::covered;
use crate::oracle::setting::Setting;
use hesse_core::graph::{Binary, Op, Unary};

/// The smallest change of a value that would switch a relu, an absolute value, a comparison or a maximum.
///
/// Equal candidates of a maximum are no kink here: with random numbers they are zeros of a relu, whose slopes are equal.
pub fn distance(s: &Setting) -> f64 {
    let values = s.values(&|_, v| v, &|_, v| v).unwrap();
    let mut nearest = f64::INFINITY;
    for node in s.graph.nodes() {
        let operand = |i: usize| values[node.operands[i].index()].numbers();
        let gaps: Vec<f64> = match &node.op {
            Op::Unary(Unary::Relu | Unary::Step | Unary::Abs | Unary::Sign) => {
                operand(0).iter().map(|v| v.abs()).collect()
            }
            Op::Binary(Binary::Greater) => operand(0).iter().zip(operand(1)).map(|(a, b)| (a - b).abs()).collect(),
            Op::ArgMax => operand(0).chunks(values[node.operands[0].index()].last()).map(|r| gap(r.to_vec())).collect(),
            Op::MaxPoolIndex(w) => {
                let [rows, columns] = w.output().unwrap();
                let windows = (0..rows).flat_map(|i| (0..columns).map(move |j| (i, j)));
                let planes = operand(0).chunks(w.input[0] * w.input[1]);
                planes
                    .flat_map(|p| windows.clone().map(move |(i, j)| gap(covered(w, i, j).map(|at| p[at]).collect())))
                    .collect()
            }
            _ => continue,
        };
        nearest = gaps.into_iter().fold(nearest, f64::min);
    }
    nearest
}

/// By how much the largest entry leads.
fn gap(mut row: Vec<f64>) -> f64 {
    row.sort_by(f64::total_cmp);
    match row[..] {
        [.., second, first] if second < first => first - second,
        _ => f64::INFINITY,
    }
}
