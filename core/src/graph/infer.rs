//! The shape and kind of a primitive's result, or why its operands do not fit.
//!
//! This is the only gate: the builder, the derivative rules and the reader of stored bytes all pass through it, so a
//! graph that exists is well formed.

use super::{Convolution, Dim, Kind, Node, Op, Shape, Window};
use crate::error::GraphError;

/// The result's shape and kind. For `Input` and `Fill` the caller gives the shape.
pub(super) fn infer(op: &Op, operands: &[&Node]) -> Result<(Shape, Kind), GraphError> {
    let expected = match op {
        Op::Input(_) | Op::Fill(_) | Op::Table(_) => 0,
        Op::Binary(_)
        | Op::MatMul { .. }
        | Op::Conv(_)
        | Op::ConvInputGrad(_)
        | Op::ConvWeightGrad(_)
        | Op::Gather
        | Op::ScatterAdd(_)
        | Op::TakeRows
        | Op::PutRows(_)
        | Op::SoftmaxCovariance
        | Op::SoftmaxCentre
        | Op::CrossEntropy
        | Op::SoftmaxResidual => 2,
        Op::Concat(_) => operands.len().max(1),
        Op::Differential(d) => return Ok((d.infer(operands)?, Kind::Real)),
        _ => 1,
    };
    if operands.len() != expected {
        return Err(fail(op, format!("{expected} operands"), operands.len()));
    }
    let shapes: Vec<&Shape> = operands.iter().map(|n| &n.shape).collect();
    for (i, node) in operands.iter().enumerate() {
        if !is_view(op) && node.kind != operand_kind(op, i) {
            return Err(fail(
                op,
                format!("{:?} entries in operand {i}", operand_kind(op, i)),
                format!("{:?}", node.kind),
            ));
        }
    }
    let kind = match op {
        Op::MaxPoolIndex(_) | Op::ArgMax | Op::IndexReplace(..) => Kind::Index,
        op if is_view(op) => operands[0].kind,
        _ => Kind::Real,
    };
    Ok((result_shape(op, &shapes)?, kind))
}

/// Moves entries of either kind.
fn is_view(op: &Op) -> bool {
    matches!(op, Op::Reshape(_) | Op::Permute(_) | Op::Slice { .. })
}

fn operand_kind(op: &Op, operand: usize) -> Kind {
    match op {
        Op::IndexEquals(_) | Op::IndexReplace(..) | Op::OneHot(_) => Kind::Index,
        Op::Gather | Op::ScatterAdd(_) | Op::TakeRows | Op::PutRows(_) | Op::CrossEntropy | Op::SoftmaxResidual
            if operand == 1 =>
        {
            Kind::Index
        }
        _ => Kind::Real,
    }
}

fn fail(op: &Op, expected: impl ToString, found: impl ToString) -> GraphError {
    GraphError::mismatch(op.name(), expected, found)
}

fn result_shape(op: &Op, s: &[&Shape]) -> Result<Shape, GraphError> {
    match op {
        Op::Input(_) | Op::Fill(_) => Err(fail(op, "an explicit shape", "none")),
        Op::Table(values) => Shape::fixed(&[values.len()]),
        Op::Unary(_) | Op::Scale { .. } | Op::Shift(_) | Op::Power(_) | Op::IndexEquals(_) | Op::IndexReplace(..) => {
            Ok(s[0].clone())
        }
        Op::Binary(_) | Op::SoftmaxCovariance | Op::SoftmaxCentre => {
            if s[0] != s[1] {
                return Err(fail(op, format!("equal shapes, as {}", s[0]), s[1]));
            }
            last_axis(op, s[0], matches!(op, Op::Binary(_))).map(|_| s[0].clone())
        }
        Op::MatMul { transpose_a, transpose_b } => matmul(op, s[0], s[1], *transpose_a, *transpose_b),
        Op::Conv(c) => convolution(op, c, s),
        Op::ConvInputGrad(c) => convolution(op, c, s),
        Op::ConvWeightGrad(c) => convolution(op, c, s),
        Op::MaxPoolIndex(w) => pooled(op, w, s[0], false),
        Op::AveragePool { window, .. } => pooled(op, window, s[0], false),
        Op::AveragePoolGrad { window, .. } => pooled(op, window, s[0], true),
        Op::Gather => {
            leading_equal(op, s[0], s[1])?;
            last_axis(op, s[0], false)?;
            Ok(s[1].clone())
        }
        Op::ScatterAdd(n) => {
            if s[0] != s[1] {
                return Err(fail(op, format!("indices of shape {}", s[0]), s[1]));
            }
            last_axis(op, s[0], false)?;
            with_last(s[0], Some(Dim::Fixed(*n)))
        }
        Op::TakeRows => {
            if s[0].rank() != 2 || s[0].as_fixed().is_none() {
                return Err(fail(op, "a table [rows, columns]", s[0]));
            }
            Shape::new([s[1].dims(), &[s[0].last()]].concat())
        }
        Op::PutRows(rows) => {
            let rank = s[1].rank();
            match (s[0].rank() == rank + 1 && s[0].dims()[..rank] == *s[1].dims(), s[0].last()) {
                (true, Dim::Fixed(d)) => Shape::fixed(&[*rows, d]),
                _ => Err(fail(op, format!("rows for each index of {}", s[1]), s[0])),
            }
        }
        Op::Reshape(to) => {
            if to.elements() != s[0].elements() {
                return Err(fail(
                    op,
                    format!("{} entries, as in {}", s[0].elements(), s[0]),
                    format!("{} in {to}", to.elements()),
                ));
            }
            Ok(to.clone())
        }
        Op::Permute(p) => {
            let mut seen = vec![false; s[0].rank()];
            for &axis in p {
                match seen.get_mut(axis) {
                    Some(flag) if !*flag => *flag = true,
                    _ => return Err(fail(op, format!("a permutation of {} axes", s[0].rank()), format!("{p:?}"))),
                }
            }
            if p.len() != s[0].rank() {
                return Err(fail(op, format!("a permutation of {} axes", s[0].rank()), format!("{p:?}")));
            }
            Shape::new(p.iter().map(|&a| s[0].dims()[a]).collect())
        }
        Op::Broadcast { shape, axes } => {
            let fits = axes.len() == s[0].rank()
                && axes.windows(2).all(|w| w[0] < w[1])
                && axes.iter().zip(s[0].dims()).all(|(&a, d)| shape.dims().get(a) == Some(d));
            if fits { Ok(shape.clone()) } else { Err(fail(op, format!("axes {axes:?} of {shape}"), s[0])) }
        }
        Op::Sum(axes) => {
            if !axes.windows(2).all(|w| w[0] < w[1]) || axes.iter().any(|&a| a >= s[0].rank()) {
                return Err(fail(op, format!("rising axes below {}", s[0].rank()), format!("{axes:?}")));
            }
            Shape::new(s[0].dims().iter().enumerate().filter(|(i, _)| !axes.contains(i)).map(|(_, &d)| d).collect())
        }
        Op::Concat(axis) => concat(op, *axis, s),
        Op::Slice { start, step, shape } => {
            strided(op, start, step, shape, s[0])?;
            Ok(shape.clone())
        }
        Op::Pad { start, step, shape } => {
            strided(op, start, step, s[0], shape)?;
            Ok(shape.clone())
        }
        Op::ArgMax | Op::LogSumExp => {
            last_axis(op, s[0], false)?;
            with_last(s[0], None)
        }
        Op::OneHot(n) => Shape::new([s[0].dims(), &[Dim::Fixed(*n)]].concat()),
        Op::Softmax => last_axis(op, s[0], false).map(|_| s[0].clone()),
        Op::CrossEntropy | Op::SoftmaxResidual => {
            last_axis(op, s[0], false)?;
            let leading = with_last(s[0], None)?;
            if leading != *s[1] {
                return Err(fail(op, format!("labels of shape {leading}"), s[1]));
            }
            if matches!(op, Op::CrossEntropy) { Ok(leading) } else { Ok(s[0].clone()) }
        }
        Op::Differential(d) => Ok(d.function.result.clone()),
    }
}

/// The fixed, non-empty last size; element-wise primitives accept any shape.
fn last_axis(op: &Op, shape: &Shape, any: bool) -> Result<usize, GraphError> {
    match shape.dims().last() {
        Some(Dim::Fixed(n)) if *n > 0 => Ok(*n),
        _ if any => Ok(1),
        _ => Err(fail(op, "a last axis of fixed, positive size", shape)),
    }
}

fn with_last(shape: &Shape, last: Option<Dim>) -> Result<Shape, GraphError> {
    let mut dims = shape.dims().to_vec();
    dims.pop();
    dims.extend(last);
    Shape::new(dims)
}

fn leading_equal(op: &Op, a: &Shape, b: &Shape) -> Result<(), GraphError> {
    let r = a.rank();
    if r == 0 || r != b.rank() || a.dims()[..r - 1] != b.dims()[..r - 1] {
        return Err(fail(op, format!("leading axes of {a}"), b));
    }
    Ok(())
}

fn matmul(op: &Op, a: &Shape, b: &Shape, ta: bool, tb: bool) -> Result<Shape, GraphError> {
    let r = a.rank();
    if r < 2 || r != b.rank() || a.dims()[..r - 2] != b.dims()[..r - 2] {
        return Err(fail(op, format!("matrices with the leading axes of {a}"), b));
    }
    let pick = |s: &Shape, t: bool| {
        let (rows, columns) = (s.dims()[r - 2], s.dims()[r - 1]);
        if t { (columns, rows) } else { (rows, columns) }
    };
    let ((m, k), (k2, n)) = (pick(a, ta), pick(b, tb));
    if k != k2 {
        return Err(fail(op, format!("inner size {k}"), k2));
    }
    let mut dims = a.dims()[..r - 2].to_vec();
    dims.extend([m, n]);
    Shape::new(dims)
}

fn image(op: &Op, shape: &Shape, size: [usize; 2]) -> Result<(Dim, usize), GraphError> {
    match shape.dims() {
        [n, Dim::Fixed(c), Dim::Fixed(h), Dim::Fixed(w)] if [*h, *w] == size => Ok((*n, *c)),
        _ => Err(fail(op, format!("[batch, channels, {}, {}]", size[0], size[1]), shape)),
    }
}

fn convolution(op: &Op, c: &Convolution, s: &[&Shape]) -> Result<Shape, GraphError> {
    let positive = |v: [usize; 2]| v[0] > 0 && v[1] > 0;
    let output =
        c.output().filter(|_| c.groups > 0 && positive(c.stride) && positive(c.kernel) && positive(c.dilation));
    let Some([oh, ow]) = output else {
        return Err(fail(op, "a kernel that fits, and positive stride, dilation and groups", format!("{c:?}")));
    };
    let [h, w] = c.input;
    let [kh, kw] = c.kernel;
    let kernel = |shape: &Shape| {
        let fits = match shape.as_fixed().as_deref() {
            // With no output channels any number of groups divides, and the product may overflow.
            Some([o, i, a, b]) if [*a, *b] == c.kernel && o % c.groups == 0 => {
                i.checked_mul(c.groups).map(|inputs| (*o, inputs))
            }
            _ => None,
        };
        fits.ok_or_else(|| fail(op, format!("a kernel [out, in/{}, {kh}, {kw}]", c.groups), shape))
    };
    match op {
        Op::Conv(_) => {
            let ((n, channels), (out, inputs)) = (image(op, s[0], c.input)?, kernel(s[1])?);
            if channels != inputs {
                return Err(fail(op, format!("{inputs} input channels"), channels));
            }
            Shape::new(vec![n, Dim::Fixed(out), Dim::Fixed(oh), Dim::Fixed(ow)])
        }
        Op::ConvInputGrad(_) => {
            let ((n, channels), (out, inputs)) = (image(op, s[0], [oh, ow])?, kernel(s[1])?);
            if channels != out {
                return Err(fail(op, format!("{out} output channels"), channels));
            }
            Shape::new(vec![n, Dim::Fixed(inputs), Dim::Fixed(h), Dim::Fixed(w)])
        }
        _ => {
            let ((n, inputs), (m, out)) = (image(op, s[0], c.input)?, image(op, s[1], [oh, ow])?);
            if n != m || inputs % c.groups != 0 || out % c.groups != 0 {
                return Err(fail(op, format!("batch {n}, channels divisible by {}", c.groups), s[1]));
            }
            Shape::fixed(&[out, inputs / c.groups, kh, kw])
        }
    }
}

fn pooled(op: &Op, w: &Window, s: &Shape, adjoint: bool) -> Result<Shape, GraphError> {
    let fits = (0..2).all(|i| w.stride[i] > 0 && w.kernel[i] > 0 && w.padding[i] < w.kernel[i]);
    let Some(output) = w.output().filter(|_| fits) else {
        return Err(fail(op, "a window that fits, positive stride, padding smaller than the window", format!("{w:?}")));
    };
    let (from, to) = if adjoint { (output, w.input) } else { (w.input, output) };
    let (n, c) = image(op, s, from)?;
    Shape::new(vec![n, Dim::Fixed(c), Dim::Fixed(to[0]), Dim::Fixed(to[1])])
}

fn concat(op: &Op, axis: usize, s: &[&Shape]) -> Result<Shape, GraphError> {
    let first = s.first().filter(|f| axis < f.rank()).ok_or_else(|| fail(op, "operands with that axis", axis))?;
    let mut total = 0usize;
    for shape in s {
        let same = shape.rank() == first.rank()
            && shape.dims().iter().zip(first.dims()).enumerate().all(|(i, (a, b))| i == axis || a == b);
        match shape.dims().get(axis) {
            Some(Dim::Fixed(n)) if same => total = total.saturating_add(*n),
            _ => return Err(fail(op, format!("shapes like {first} but for a fixed axis {axis}"), shape)),
        }
    }
    let mut dims = first.dims().to_vec();
    dims[axis] = Dim::Fixed(total);
    Shape::new(dims)
}

/// Checks that `small` at `start` with `step` lies within `large`; the batch axis must be taken whole.
fn strided(op: &Op, start: &[usize], step: &[usize], small: &Shape, large: &Shape) -> Result<(), GraphError> {
    let rank = large.rank();
    let fits = start.len() == rank
        && step.len() == rank
        && small.rank() == rank
        && (0..rank).all(|i| match (small.dims()[i], large.dims()[i]) {
            (Dim::Fixed(n), Dim::Fixed(m)) => {
                let last = n.checked_sub(1).and_then(|k| k.checked_mul(step[i])).and_then(|k| k.checked_add(start[i]));
                step[i] > 0 && (n == 0 || last.is_some_and(|l| l < m))
            }
            (a, b) => a == b && start[i] == 0 && step[i] == 1,
        });
    if fits { Ok(()) } else { Err(fail(op, format!("{small} from {start:?} by {step:?} within {large}"), large)) }
}
