//! Evaluates a graph node by node.

use super::number::Num;
use super::value::{Entries, Value};
use super::{convolution, element_wise, indexing, movement, pooling, product, softmax};
use hesse_core::graph::{Graph, Node, Op, Source, ValueId};

/// A primitive that could not be evaluated.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// Which primitive.
    pub operation: String,
    /// Why.
    pub cause: String,
}

/// Gives an input its value.
pub type Leaf<'a, N, E> = dyn FnMut(Source, &Node) -> Result<Value<N>, E> + 'a;

/// Sees each value before its users do.
pub type After<'a, N, E> = dyn FnMut(ValueId, &mut Value<N>) -> Result<(), E> + 'a;

/// Evaluates every node for one batch size. `leaf` gives the inputs; `after` may look at or change each value before
/// its users see it (to round it, to replace it by a variable, to stop at a NaN).
pub fn evaluate<N: Num, E: From<Fault>>(
    g: &Graph,
    batch: usize,
    leaf: &mut Leaf<'_, N, E>,
    after: &mut After<'_, N, E>,
) -> Result<Vec<Value<N>>, E> {
    let mut values: Vec<Value<N>> = Vec::with_capacity(g.nodes().len());
    for (id, node) in g.values().zip(g.nodes()) {
        let shape = node.shape.at(batch);
        let mut value = match &node.op {
            Op::Input(source) => leaf(*source, node)?,
            op => {
                let operands: Vec<&Value<N>> = node.operands.iter().map(|v| &values[v.index()]).collect();
                apply(op, &operands, shape, batch).map_err(|cause| Fault { operation: op.name().to_string(), cause })?
            }
        };
        after(id, &mut value)?;
        values.push(value);
    }
    Ok(values)
}

fn map<N: Num>(x: &Value<N>, f: impl Fn(N) -> N) -> Value<N> {
    Value::real(x.shape.clone(), x.numbers().iter().map(|&v| f(v)).collect())
}

fn map_index<N>(x: &Value<N>, f: impl Fn(u32) -> u32) -> Value<N> {
    Value::index(x.shape.clone(), x.indices().iter().map(|&v| f(v)).collect())
}

fn apply<N: Num>(op: &Op, x: &[&Value<N>], shape: Vec<usize>, batch: usize) -> Result<Value<N>, indexing::Fault> {
    Ok(match op {
        Op::Input(_) => return Err("an input is not computed".into()),
        Op::Fill(c) => {
            let count = shape.iter().product();
            Value::real(shape, vec![N::constant(c.0); count])
        }
        Op::Table(t) => Value::real(shape, t.iter().map(|c| N::constant(c.0)).collect()),
        Op::Unary(f) => map(x[0], |v| element_wise::unary(*f, v)),
        Op::Binary(f) => {
            let pairs = x[0].numbers().iter().zip(x[1].numbers());
            Value::real(shape, pairs.map(|(&a, &b)| element_wise::binary(*f, a, b)).collect())
        }
        Op::Scale { factor, divisor } => {
            let c = factor.0 / divisor.at(batch) as f64;
            map(x[0], |v| v * N::constant(c))
        }
        Op::Shift(c) => map(x[0], |v| v + N::constant(c.0)),
        Op::Power(p) => map(x[0], |v| element_wise::power(v, p.0)),
        Op::MatMul { transpose_a, transpose_b } => product::matmul(x[0], *transpose_a, x[1], *transpose_b, shape),
        Op::Conv(c) => convolution::convolve(c, convolution::Wanted::Output, x[0], x[1], shape),
        Op::ConvInputGrad(c) => convolution::convolve(c, convolution::Wanted::Input, x[0], x[1], shape),
        Op::ConvWeightGrad(c) => convolution::convolve(c, convolution::Wanted::Weight, x[0], x[1], shape),
        Op::MaxPoolIndex(w) => pooling::max_index(w, x[0], shape),
        Op::AveragePool { window, count_padding } => pooling::average(window, *count_padding, x[0], shape),
        Op::AveragePoolGrad { window, count_padding } => pooling::spread(window, *count_padding, x[0], shape),
        Op::Gather => indexing::gather(x[0], x[1])?,
        Op::ScatterAdd(_) => indexing::scatter_add(x[0], x[1], shape)?,
        Op::TakeRows => indexing::take_rows(x[0], x[1], shape)?,
        Op::PutRows(_) => indexing::put_rows(x[0], x[1], shape)?,
        Op::Reshape(_) => Value { shape, entries: x[0].entries.clone() },
        Op::Permute(p) => movement::pull(x[0], shape, |at| {
            let mut from = vec![0; at.len()];
            at.iter().zip(p).for_each(|(&i, &axis)| from[axis] = i);
            from
        }),
        Op::Broadcast { axes, .. } => movement::pull(x[0], shape, |at| axes.iter().map(|&a| at[a]).collect()),
        Op::Sum(axes) => {
            movement::push(x[0], shape, |at| (0..at.len()).filter(|a| !axes.contains(a)).map(|a| at[a]).collect())
        }
        Op::Concat(axis) => movement::concat(*axis, x, shape),
        Op::Slice { start, step, .. } => movement::pull(x[0], shape, |at| movement::strided(start, step, at)),
        Op::Pad { start, step, .. } => movement::push(x[0], shape, |at| movement::strided(start, step, at)),
        Op::ArgMax => indexing::arg_max(x[0], shape),
        Op::IndexEquals(l) => {
            let equal = |&i: &u32| N::constant(if i == *l { 1.0 } else { 0.0 });
            Value { shape, entries: Entries::Real(x[0].indices().iter().map(equal).collect()) }
        }
        Op::IndexReplace(from, to) => map_index(x[0], |i| if i == *from { *to } else { i }),
        Op::OneHot(classes) => indexing::one_hot(x[0], *classes, shape)?,
        Op::Softmax => softmax::softmax(x[0]),
        Op::SoftmaxCovariance => softmax::covariance(x[0], x[1]),
        Op::SoftmaxCentre => softmax::centre(x[0], x[1]),
        Op::LogSumExp => softmax::log_sum_exp(x[0], shape),
        Op::CrossEntropy => softmax::cross_entropy(x[0], x[1], shape)?,
        Op::SoftmaxResidual => softmax::residual(x[0], x[1])?,
        Op::Differential(_) => return Err("a function outside the graph".into()),
    })
}
