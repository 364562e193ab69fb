//! Softmax and cross-entropy along the last axis, by their formulas (the largest entry is subtracted, which changes
//! nothing but avoids overflow).

use super::element_wise::unary;
use super::indexing::{Fault, checked};
use super::number::{Num, sum};
use super::value::Value;
use hesse_core::graph::Unary;

fn largest<N: Num>(row: &[N]) -> f64 {
    row.iter().map(|v| v.real()).fold(f64::NEG_INFINITY, f64::max)
}

fn softmax_row<N: Num>(z: &[N]) -> Vec<N> {
    let shift = N::constant(largest(z));
    let powers: Vec<N> = z.iter().map(|&v| unary(Unary::Exp, v - shift)).collect();
    let total = sum(powers.iter().copied());
    powers.into_iter().map(|e| e / total).collect()
}

/// log Σ exp z.
fn log_sum_exp_row<N: Num>(z: &[N]) -> N {
    let shift = N::constant(largest(z));
    unary(Unary::Log, sum(z.iter().map(|&v| unary(Unary::Exp, v - shift)))) + shift
}

/// Applies a function of the last axis that keeps it.
fn rows<N: Num>(x: &Value<N>, f: impl Fn(&[N]) -> Vec<N>) -> Value<N> {
    Value::real(x.shape.clone(), x.numbers().chunks(x.last()).flat_map(f).collect())
}

/// Applies a function of two last axes that keeps them.
fn row_pairs<N: Num>(p: &Value<N>, u: &Value<N>, f: impl Fn(&[N], &[N]) -> Vec<N>) -> Value<N> {
    let pairs = p.numbers().chunks(p.last()).zip(u.numbers().chunks(u.last()));
    Value::real(p.shape.clone(), pairs.flat_map(|(p, u)| f(p, u)).collect())
}

/// softmax(z).
pub fn softmax<N: Num>(z: &Value<N>) -> Value<N> {
    rows(z, softmax_row)
}

/// p_i Σ_j p_j (u_i − u_j).
pub fn covariance<N: Num>(p: &Value<N>, u: &Value<N>) -> Value<N> {
    row_pairs(p, u, |p, u| (0..p.len()).map(|i| p[i] * sum((0..p.len()).map(|j| p[j] * (u[i] - u[j])))).collect())
}

/// u_i − Σ_j p_j u_j.
pub fn centre<N: Num>(p: &Value<N>, u: &Value<N>) -> Value<N> {
    row_pairs(p, u, |p, u| {
        let mean = sum((0..p.len()).map(|j| p[j] * u[j]));
        u.iter().map(|&v| v - mean).collect()
    })
}

/// log Σ exp z.
pub fn log_sum_exp<N: Num>(z: &Value<N>, shape: Vec<usize>) -> Value<N> {
    Value::real(shape, z.numbers().chunks(z.last()).map(log_sum_exp_row).collect())
}

/// log Σ exp z − z_y = log(1 + Σ_{j≠y} exp(z_j − z_y)), whose second form is accurate where the result is tiny.
pub fn cross_entropy<N: Num>(z: &Value<N>, y: &Value<N>, shape: Vec<usize>) -> Result<Value<N>, Fault> {
    let one = |(z, &y): (&[N], &u32)| {
        let y = checked(y, z.len())?;
        if z[y].real() < largest(z) {
            return Ok(log_sum_exp_row(z) - z[y]);
        }
        let rest = sum((0..z.len()).filter(|&j| j != y).map(|j| unary(Unary::Exp, z[j] - z[y])));
        let x = rest.real();
        Ok(rest.lift([x.ln_1p(), 1.0 / (1.0 + x), -1.0 / ((1.0 + x) * (1.0 + x))]))
    };
    let entries = z.numbers().chunks(z.last()).zip(y.indices()).map(one).collect::<Result<_, Fault>>()?;
    Ok(Value::real(shape, entries))
}

/// softmax(z) − e_y, the true class as −Σ_{j≠y} p_j.
pub fn residual<N: Num>(z: &Value<N>, y: &Value<N>) -> Result<Value<N>, Fault> {
    let mut entries = Vec::with_capacity(z.numbers().len());
    for (z, &y) in z.numbers().chunks(z.last()).zip(y.indices()) {
        let y = checked(y, z.len())?;
        let mut p = softmax_row(z);
        p[y] = -sum((0..p.len()).filter(|&j| j != y).map(|j| p[j]));
        entries.extend(p);
    }
    Ok(Value::real(z.shape.clone(), entries))
}
