//! The recording builder that a model author writes against.
//!
//! It wraps a [`Graph`] with scopes (so that parameters get state-dict names), NumPy-style broadcasting, and errors that
//! say in which layer they happened. Layers made of several primitives are in `layers`.

use super::{Binary, Buffer, Dim, Graph, Init, Kind, Mode, Op, Parameter, Scalar, Shape, Source, Unary, ValueId};
use crate::error::GraphError;

/// Records one network.
///
/// ```
/// use hesse_core::graph::{GraphBuilder, Mode};
/// let mut g = GraphBuilder::new(Mode::Eval);
/// let x = g.samples(&[4])?;
/// let hidden = g.linear("fc1", x, 8)?;
/// let hidden = g.tanh(hidden)?;
/// let logits = g.linear("fc2", hidden, 3)?;
/// let graph = g.finish(logits)?;
/// assert_eq!(graph.parameter_count(), 4 * 8 + 8 + 8 * 3 + 3);
/// assert_eq!(graph.parameters()[0].name, "fc1.weight");
/// # Ok::<(), hesse_core::error::GraphError>(())
/// ```
#[derive(Debug)]
pub struct GraphBuilder {
    pub(super) graph: Graph,
    mode: Mode,
    scope: Vec<String>,
}

impl GraphBuilder {
    /// An empty graph in the given mode.
    pub fn new(mode: Mode) -> Self {
        GraphBuilder { graph: Graph::default(), mode, scope: Vec::new() }
    }

    /// Train or eval; batch norm and dropout look at it.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The network's real input, `[B, shape…]`.
    pub fn samples(&mut self, shape: &[usize]) -> Result<ValueId, GraphError> {
        self.graph.leaf(Source::Samples, Shape::batched(shape)?, Kind::Real)
    }

    /// The network's input where it is indices (tokens), `[B, shape…]`.
    pub fn tokens(&mut self, shape: &[usize]) -> Result<ValueId, GraphError> {
        self.graph.leaf(Source::Samples, Shape::batched(shape)?, Kind::Index)
    }

    /// Runs `record` with `name.` in front of every name it declares.
    pub fn scope<T>(
        &mut self,
        name: impl Into<String>,
        record: impl FnOnce(&mut Self) -> Result<T, GraphError>,
    ) -> Result<T, GraphError> {
        self.scope.push(name.into());
        let result = record(self).map_err(|e| self.located(e));
        self.scope.pop();
        result
    }

    /// The full state-dict name of `name` in the present scope.
    pub fn qualified(&self, name: &str) -> String {
        self.scope.iter().map(String::as_str).chain([name]).collect::<Vec<_>>().join(".")
    }

    /// Puts the innermost scope in front of an error that has none yet.
    fn located(&self, error: GraphError) -> GraphError {
        match error {
            GraphError::Mismatch { operation, expected, found } if !operation.contains(": ") => {
                let operation = format!("{}: {operation}", self.scope.join("."));
                GraphError::Mismatch { operation, expected, found }
            }
            other => other,
        }
    }

    /// Declares a parameter in the present scope.
    ///
    /// # Errors
    /// Where the name is taken or the shape is empty.
    pub fn parameter(&mut self, name: &str, shape: &[usize], init: Init) -> Result<ValueId, GraphError> {
        let name = self.declare(name, shape)?;
        let index = self.graph.parameters.len();
        self.graph.parameters.push(Parameter { name, shape: shape.to_vec(), init });
        self.graph.input(Source::Parameter(index), Shape::fixed(shape)?)
    }

    /// Declares a buffer in the present scope; returns its position and its value.
    ///
    /// # Errors
    /// Where the name is taken or the shape is empty.
    pub fn buffer(&mut self, name: &str, shape: &[usize], start: f64) -> Result<(usize, ValueId), GraphError> {
        let name = self.declare(name, shape)?;
        let index = self.graph.buffers.len();
        self.graph.buffers.push(Buffer { name, shape: shape.to_vec(), start });
        Ok((index, self.graph.input(Source::Buffer(index), Shape::fixed(shape)?)?))
    }

    fn declare(&self, name: &str, shape: &[usize]) -> Result<String, GraphError> {
        let name = self.qualified(name);
        let taken =
            self.graph.parameters.iter().any(|p| p.name == name) || self.graph.buffers.iter().any(|b| b.name == name);
        if !super::parameter::is_printable(&name) {
            return Err(GraphError::mismatch("parameter", "a printable name", format!("{name:?}")));
        }
        if taken {
            return Err(GraphError::mismatch("parameter", "a new name", name));
        }
        if shape.contains(&0) {
            return Err(GraphError::mismatch(name, "positive sizes", format!("{shape:?}")));
        }
        Ok(name)
    }

    /// Ends the recording.
    ///
    /// # Errors
    /// Where the output is not `[B, …]`.
    pub fn finish(mut self, output: ValueId) -> Result<Graph, GraphError> {
        if self.graph.shape(output).dims().first() != Some(&Dim::Batch(1)) {
            return Err(GraphError::mismatch("output", "[B, …]", self.graph.shape(output)));
        }
        self.graph.output = Some(output);
        Ok(self.graph)
    }

    /// The shape of a value.
    pub fn shape(&self, value: ValueId) -> &Shape {
        self.graph.shape(value)
    }

    /// The fixed size of an axis.
    ///
    /// # Errors
    /// Where the axis is missing or is the batch.
    pub fn size(&self, value: ValueId, axis: usize) -> Result<usize, GraphError> {
        match self.shape(value).dims().get(axis) {
            Some(Dim::Fixed(n)) => Ok(*n),
            _ => Err(GraphError::mismatch("size", format!("a fixed axis {axis}"), self.shape(value))),
        }
    }

    /// Any primitive.
    pub fn push(&mut self, op: Op, operands: &[ValueId]) -> Result<ValueId, GraphError> {
        self.graph.push(op, operands)
    }

    /// A constant of any shape.
    pub fn fill(&mut self, value: f64, shape: Shape) -> Result<ValueId, GraphError> {
        self.graph.fill(value, shape)
    }

    /// A constant vector.
    pub fn table(&mut self, values: &[f64]) -> Result<ValueId, GraphError> {
        self.graph.push(Op::Table(values.iter().map(|&v| Scalar(v)).collect()), &[])
    }

    /// Brings two values to a common shape by NumPy's rule: aligned at the last axis, sizes equal or one.
    fn aligned(&mut self, a: ValueId, b: ValueId) -> Result<(ValueId, ValueId), GraphError> {
        let (sa, sb) = (self.shape(a).clone(), self.shape(b).clone());
        let rank = sa.rank().max(sb.rank());
        let at = |s: &Shape, i: usize| (i + s.rank()).checked_sub(rank).map_or(Dim::Fixed(1), |j| s.dims()[j]);
        let dims = (0..rank)
            .map(|i| match (at(&sa, i), at(&sb, i)) {
                (x, y) if x == y || y.is_one() => Ok(x),
                (x, y) if x.is_one() => Ok(y),
                _ => Err(GraphError::mismatch("broadcast", format!("sizes that match {sa}"), &sb)),
            })
            .collect::<Result<Vec<_>, _>>()?;
        let shape = Shape::new(dims)?;
        Ok((self.expand(a, &shape)?, self.expand(b, &shape)?))
    }

    /// Broadcasts to `shape`, aligned at the last axis; sizes of one are repeated.
    pub fn expand(&mut self, a: ValueId, shape: &Shape) -> Result<ValueId, GraphError> {
        let from = self.shape(a).clone();
        let offset = shape.rank().saturating_sub(from.rank());
        let axes: Vec<usize> = (0..from.rank()).filter(|&i| !from.dims()[i].is_one()).collect();
        let squeezed = Shape::new(axes.iter().map(|&i| from.dims()[i]).collect())?;
        let a = self.graph.push(Op::Reshape(squeezed), &[a])?;
        let axes: Vec<usize> = axes.iter().map(|i| i + offset).collect();
        self.graph.broadcast(a, shape.clone(), &axes)
    }

    fn binary(&mut self, op: Binary, a: ValueId, b: ValueId) -> Result<ValueId, GraphError> {
        let (a, b) = self.aligned(a, b)?;
        self.graph.push(Op::Binary(op), &[a, b])
    }

    /// `a + b`, broadcast.
    pub fn add(&mut self, a: ValueId, b: ValueId) -> Result<ValueId, GraphError> {
        self.binary(Binary::Add, a, b)
    }
    /// `a − b`, broadcast.
    pub fn sub(&mut self, a: ValueId, b: ValueId) -> Result<ValueId, GraphError> {
        self.binary(Binary::Sub, a, b)
    }
    /// `a · b`, entry by entry, broadcast.
    pub fn mul(&mut self, a: ValueId, b: ValueId) -> Result<ValueId, GraphError> {
        self.binary(Binary::Mul, a, b)
    }
    /// `a / b`, entry by entry, broadcast.
    pub fn div(&mut self, a: ValueId, b: ValueId) -> Result<ValueId, GraphError> {
        self.binary(Binary::Div, a, b)
    }
    /// `c · a`.
    pub fn scale(&mut self, a: ValueId, c: f64) -> Result<ValueId, GraphError> {
        self.graph.scale(a, c)
    }
    /// `a + c`.
    pub fn shift(&mut self, a: ValueId, c: f64) -> Result<ValueId, GraphError> {
        self.graph.push(Op::Shift(Scalar(c)), &[a])
    }
    /// `a^p`.
    pub fn power(&mut self, a: ValueId, p: f64) -> Result<ValueId, GraphError> {
        self.graph.push(Op::Power(Scalar(p)), &[a])
    }
    /// Any function of one number.
    pub fn unary(&mut self, f: Unary, a: ValueId) -> Result<ValueId, GraphError> {
        self.graph.push(Op::Unary(f), &[a])
    }
    /// max(a, 0).
    pub fn relu(&mut self, a: ValueId) -> Result<ValueId, GraphError> {
        self.unary(Unary::Relu, a)
    }
    /// tanh a.
    pub fn tanh(&mut self, a: ValueId) -> Result<ValueId, GraphError> {
        self.unary(Unary::Tanh, a)
    }
    /// 1/(1 + e^−a).
    pub fn sigmoid(&mut self, a: ValueId) -> Result<ValueId, GraphError> {
        self.unary(Unary::Sigmoid, a)
    }
    /// log(1 + e^a).
    pub fn softplus(&mut self, a: ValueId) -> Result<ValueId, GraphError> {
        self.unary(Unary::Softplus, a)
    }
    /// e^a.
    pub fn exp(&mut self, a: ValueId) -> Result<ValueId, GraphError> {
        self.unary(Unary::Exp, a)
    }
    /// log a.
    pub fn log(&mut self, a: ValueId) -> Result<ValueId, GraphError> {
        self.unary(Unary::Log, a)
    }
    /// √a.
    pub fn sqrt(&mut self, a: ValueId) -> Result<ValueId, GraphError> {
        self.unary(Unary::Sqrt, a)
    }
    /// a·Φ(a), the exact GELU.
    pub fn gelu(&mut self, a: ValueId) -> Result<ValueId, GraphError> {
        let cdf = self.unary(Unary::NormalCdf, a)?;
        self.graph.mul(a, cdf)
    }
    /// a·sigmoid(a), also called swish.
    pub fn silu(&mut self, a: ValueId) -> Result<ValueId, GraphError> {
        let s = self.sigmoid(a)?;
        self.graph.mul(a, s)
    }
    /// a where a > 0, else α(e^a − 1).
    pub fn elu(&mut self, a: ValueId, alpha: f64) -> Result<ValueId, GraphError> {
        let positive = self.relu(a)?;
        // min(a, 0) keeps the exponential from overflowing where it is not used; written so, the slope at zero is α.
        let negative = self.graph.sub(a, positive)?;
        let grown = self.exp(negative)?;
        let grown = self.shift(grown, -1.0)?;
        let grown = self.scale(grown, alpha)?;
        self.graph.add(positive, grown)
    }

    /// `op(a)·op(b)` over the last two axes; leading axes must be equal.
    pub fn matmul(
        &mut self,
        a: ValueId,
        transpose_a: bool,
        b: ValueId,
        transpose_b: bool,
    ) -> Result<ValueId, GraphError> {
        self.graph.push(Op::MatMul { transpose_a, transpose_b }, &[a, b])
    }
    /// The same entries in another shape.
    pub fn reshape(&mut self, a: ValueId, dims: &[Dim]) -> Result<ValueId, GraphError> {
        self.graph.push(Op::Reshape(Shape::new(dims.to_vec())?), &[a])
    }
    /// `[B, …] → [B, product]`.
    pub fn flatten(&mut self, a: ValueId) -> Result<ValueId, GraphError> {
        let rest = self.shape(a).dims().iter().skip(1).try_fold(1usize, |n, d| match d {
            Dim::Fixed(k) => n.checked_mul(*k),
            Dim::Batch(_) => None,
        });
        let rest = rest.ok_or_else(|| GraphError::mismatch("flatten", "[B, fixed…]", self.shape(a)))?;
        let first = self.shape(a).dims().first().copied().unwrap_or(Dim::Fixed(1));
        self.reshape(a, &[first, Dim::Fixed(rest)])
    }
    /// Axis j of the result is axis `p[j]` of the operand.
    pub fn permute(&mut self, a: ValueId, p: &[usize]) -> Result<ValueId, GraphError> {
        self.graph.push(Op::Permute(p.to_vec()), &[a])
    }
    /// Operands side by side along an axis.
    pub fn concat(&mut self, axis: usize, parts: &[ValueId]) -> Result<ValueId, GraphError> {
        self.graph.push(Op::Concat(axis), parts)
    }
    /// Entries `start, start + step, …` below `stop` of one axis.
    pub fn slice(
        &mut self,
        a: ValueId,
        axis: usize,
        start: usize,
        stop: usize,
        step: usize,
    ) -> Result<ValueId, GraphError> {
        let shape = self.shape(a).clone();
        let size = self.size(a, axis)?;
        if start > stop || stop > size || step == 0 {
            return Err(GraphError::mismatch(
                "slice",
                format!("a range within 0..{size}"),
                format!("{start}..{stop} by {step}"),
            ));
        }
        let mut dims = shape.dims().to_vec();
        dims[axis] = Dim::Fixed((stop - start).div_ceil(step));
        let (mut starts, mut steps) = (vec![0; shape.rank()], vec![1; shape.rank()]);
        (starts[axis], steps[axis]) = (start, step);
        self.graph.push(Op::Slice { start: starts, step: steps, shape: Shape::new(dims)? }, &[a])
    }
    /// Zeros before and after the entries of one axis.
    pub fn pad(&mut self, a: ValueId, axis: usize, before: usize, after: usize) -> Result<ValueId, GraphError> {
        let size = self.size(a, axis)?;
        let mut dims = self.shape(a).dims().to_vec();
        let rank = dims.len();
        dims[axis] = Dim::Fixed(size.saturating_add(before).saturating_add(after));
        let mut start = vec![0; rank];
        start[axis] = before;
        self.graph.push(Op::Pad { start, step: vec![1; rank], shape: Shape::new(dims)? }, &[a])
    }
    /// The sum over axes, which disappear.
    pub fn sum(&mut self, a: ValueId, axes: &[usize]) -> Result<ValueId, GraphError> {
        self.graph.sum(a, axes)
    }
    /// The mean over axes, which disappear.
    pub fn mean(&mut self, a: ValueId, axes: &[usize]) -> Result<ValueId, GraphError> {
        let total = self.graph.sum(a, axes)?;
        let divisor = self.count(a, axes)?;
        self.graph.push(Op::Scale { factor: Scalar(1.0), divisor }, &[total])
    }
    /// The number of entries along axes.
    pub(super) fn count(&self, a: ValueId, axes: &[usize]) -> Result<Dim, GraphError> {
        let shape = self.shape(a);
        axes.iter()
            .try_fold(Dim::Fixed(1), |n, &i| shape.dims().get(i).and_then(|d| n.times(*d)))
            .ok_or_else(|| GraphError::mismatch("mean", format!("axes of {shape}"), format!("{axes:?}")))
    }
    /// Softmax along an axis.
    pub fn softmax(&mut self, a: ValueId, axis: usize) -> Result<ValueId, GraphError> {
        let rank = self.shape(a).rank();
        if axis + 1 == rank {
            return self.graph.push(Op::Softmax, &[a]);
        }
        let mut swap: Vec<usize> = (0..rank).collect();
        if axis >= rank {
            return Err(GraphError::mismatch("softmax", format!("an axis below {rank}"), axis));
        }
        swap.swap(axis, rank - 1);
        let last = self.permute(a, &swap)?;
        let p = self.graph.push(Op::Softmax, &[last])?;
        self.permute(p, &swap)
    }
}
