//! Each primitive as operations of Candle's tensors. What depends on shapes alone (tables of indices) is made when a program
//! is compiled.

mod convolution;
mod element_wise;
mod indexing;
mod pooling;
mod shapes;
mod softmax;

use super::tables::Tables;
use candle_core::{DType, Result, Tensor};
use convolution::{InputGradient, Product, WeightGradient};
use hesse_core::graph::{Binary, Op, Unary};
use indexing::Rows;
use pooling::{Average, MaxIndex};
use shapes::{Axis, Spread};
use softmax::Softmax;

/// A primitive for one batch size.
pub(super) enum Primitive {
    Constant(Tensor, Vec<usize>),
    Unary(Unary),
    Binary(Binary),
    Affine(f64, f64),
    Power(f64),
    MatMul {
        transpose: [bool; 2],
        dims: Vec<usize>,
    },
    Convolution(Product),
    InputGradient(InputGradient),
    WeightGradient(WeightGradient),
    MaxIndex(MaxIndex),
    Average(Average),
    Gather(Rows),
    ScatterAdd(Rows),
    TakeRows(Rows),
    PutRows(Rows),
    Reshape(Vec<usize>),
    Permute(Vec<usize>),
    Broadcast(Spread),
    Sum(Vec<usize>),
    Concat(usize),
    /// A slice, or a padding: the entries that each axis takes.
    Grid(Vec<Axis>),
    ArgMax(Rows),
    IndexEquals(Tensor, DType),
    IndexReplace(Tensor, Tensor),
    OneHot(Rows),
    Softmax(Softmax),
}

fn misfit(op: &Op) -> candle_core::Error {
    candle_core::Error::Msg(format!("operands do not fit {}", op.name()))
}

/// Makes a primitive for operands and a result of these sizes.
pub(super) fn compile(
    op: &Op,
    operands: &[Vec<usize>],
    dims: Vec<usize>,
    batch: usize,
    real: DType,
    tables: &Tables,
) -> Result<Primitive> {
    let of = |i: usize| operands.get(i).map(Vec::as_slice).ok_or_else(|| misfit(op));
    let image = |i: usize| of(i).and_then(|d| <[usize; 4]>::try_from(d).map_err(|_| misfit(op)));
    Ok(match op {
        Op::Fill(c) => Primitive::Constant(shapes::constant(&[c.0], real, tables)?, dims),
        Op::Table(t) => {
            Primitive::Constant(shapes::constant(&t.iter().map(|c| c.0).collect::<Vec<_>>(), real, tables)?, dims)
        }
        Op::Unary(f) => Primitive::Unary(*f),
        Op::Binary(f) => Primitive::Binary(*f),
        Op::Scale { factor, divisor } => Primitive::Affine(factor.0 / divisor.at(batch) as f64, 0.0),
        Op::Shift(c) => Primitive::Affine(1.0, c.0),
        Op::Power(p) => Primitive::Power(p.0),
        Op::MatMul { transpose_a, transpose_b } => Primitive::MatMul { transpose: [*transpose_a, *transpose_b], dims },
        Op::Conv(c) => Primitive::Convolution(Product::new(c, image(0)?, image(1)?, tables)?),
        Op::ConvInputGrad(c) => Primitive::InputGradient(InputGradient::new(c, image(0)?, image(1)?, tables)?),
        Op::ConvWeightGrad(c) => Primitive::WeightGradient(WeightGradient::new(c, image(0)?, image(1)?, tables)?),
        Op::MaxPoolIndex(w) => Primitive::MaxIndex(MaxIndex::new(w, image(0)?, tables)?),
        Op::AveragePool { window, count_padding } => {
            Primitive::Average(Average::new(window, *count_padding, real, tables)?)
        }
        Op::AveragePoolGrad { window, count_padding } => {
            Primitive::Average(Average::adjoint(window, *count_padding, real, tables)?)
        }
        Op::Gather => Primitive::Gather(Rows::new(of(0)?.last().copied().unwrap_or(1), dims, tables)?),
        Op::ScatterAdd(n) => Primitive::ScatterAdd(Rows::new(*n, dims, tables)?),
        Op::TakeRows => Primitive::TakeRows(Rows::new(of(0)?.first().copied().unwrap_or(1), dims, tables)?),
        Op::PutRows(n) => Primitive::PutRows(Rows::new(*n, dims, tables)?),
        Op::Reshape(_) => Primitive::Reshape(dims),
        Op::Permute(p) => Primitive::Permute(p.clone()),
        Op::Broadcast { axes, .. } => Primitive::Broadcast(Spread::new(axes, dims)),
        Op::Sum(axes) => Primitive::Sum(axes.clone()),
        Op::Concat(axis) => Primitive::Concat(*axis),
        Op::Slice { start, step, .. } => Primitive::Grid(shapes::slice(of(0)?, start, step, &dims, tables)?),
        Op::Pad { start, step, .. } => Primitive::Grid(shapes::pad(of(0)?, start, step, &dims, tables)?),
        Op::ArgMax => Primitive::ArgMax(Rows::new(of(0)?.last().copied().unwrap_or(1), dims, tables)?),
        Op::IndexEquals(value) => Primitive::IndexEquals(tables.indices(vec![*value])?, real),
        Op::IndexReplace(from, to) => Primitive::IndexReplace(tables.indices(vec![*from])?, tables.indices(vec![*to])?),
        Op::OneHot(n) => Primitive::OneHot(Rows::new(*n, dims, tables)?.of(real)),
        Op::Softmax
        | Op::LogSumExp
        | Op::SoftmaxCovariance
        | Op::SoftmaxCentre
        | Op::CrossEntropy
        | Op::SoftmaxResidual => Primitive::Softmax(Softmax::new(op, of(0)?, dims, tables)?),
        Op::Input(_) | Op::Differential(_) => return Err(misfit(op)),
    })
}

impl Primitive {
    /// Applies it.
    pub fn apply(&self, x: &[&Tensor]) -> Result<Tensor> {
        match (self, x) {
            (Primitive::Constant(c, dims), []) => {
                if c.elem_count() == 1 {
                    c.broadcast_as(dims.as_slice())
                } else {
                    c.reshape(dims.as_slice())
                }
            }
            (Primitive::Unary(f), [x]) => element_wise::unary(*f, x),
            (Primitive::Binary(f), [a, b]) => element_wise::binary(*f, a, b),
            (Primitive::Affine(factor, shift), [x]) => x.affine(*factor, *shift),
            (Primitive::Power(p), [x]) => element_wise::power(x, *p),
            (Primitive::MatMul { transpose, dims }, [a, b]) => product(a, b, *transpose)?.reshape(dims.as_slice()),
            (Primitive::Convolution(c), [x, w]) => c.apply(x, w),
            (Primitive::InputGradient(c), [gy, w]) => c.apply(gy, w),
            (Primitive::WeightGradient(c), [x, gy]) => c.apply(x, gy),
            (Primitive::MaxIndex(w), [x]) => w.apply(x),
            (Primitive::Average(w), [x]) => w.apply(x),
            (Primitive::Gather(rows), [x, i]) => rows.gather(x, i),
            (Primitive::ScatterAdd(rows), [g, i]) => rows.scatter_add(g, i),
            (Primitive::TakeRows(rows), [table, i]) => rows.take(table, i),
            (Primitive::PutRows(rows), [g, i]) => rows.put(g, i),
            (Primitive::Reshape(dims), [x]) => x.reshape(dims.as_slice()),
            (Primitive::Permute(p), [x]) => x.permute(p.as_slice()),
            (Primitive::Broadcast(spread), [x]) => spread.apply(x),
            (Primitive::Sum(axes), [x]) => x.sum(axes.as_slice()),
            (Primitive::Concat(axis), parts) => {
                let parts: Vec<Tensor> = parts.iter().map(|p| p.contiguous()).collect::<Result<_>>()?;
                Tensor::cat(&parts, *axis)
            }
            (Primitive::Grid(axes), [x]) => shapes::grid(x, axes),
            (Primitive::ArgMax(rows), [z]) => rows.arg_max(z),
            (Primitive::IndexEquals(value, real), [i]) => indexing::equals(i, value)?.to_dtype(*real),
            (Primitive::IndexReplace(from, to), [i]) => {
                indexing::equals(i, from)?.where_cond(&to.reshape(())?.broadcast_as(i.shape())?, i)
            }
            (Primitive::OneHot(rows), [i]) => rows.one_hot(i),
            (Primitive::Softmax(s), x) => s.apply(x),
            _ => Err(candle_core::Error::Msg("wrong number of operands".into())),
        }
    }

    /// Entries that it makes besides its result.
    pub fn scratch(&self) -> usize {
        match self {
            Primitive::Convolution(c) => c.scratch(),
            Primitive::InputGradient(c) => c.scratch(),
            Primitive::WeightGradient(c) => c.scratch(),
            _ => 0,
        }
    }
}

/// A product over the last two axes as one over a single leading axis, which is what every device has.
fn product(a: &Tensor, b: &Tensor, transpose: [bool; 2]) -> Result<Tensor> {
    let flat = |x: &Tensor, turn: bool| -> Result<Tensor> {
        let (m, n) = (x.dim(x.rank() - 2)?, x.dim(x.rank() - 1)?);
        let count: usize = x.dims()[..x.rank() - 2].iter().product();
        let x = x.contiguous()?.reshape((count, m, n))?;
        if turn { x.transpose(1, 2) } else { Ok(x) }
    };
    let (a, b) = (flat(a, transpose[0])?, flat(b, transpose[1])?);
    if a.dim(0)? == 1 {
        return a.squeeze(0)?.matmul(&b.squeeze(0)?);
    }
    a.matmul(&b)
}
