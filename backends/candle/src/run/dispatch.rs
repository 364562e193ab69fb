//! From a step to its kernel.

use crate::element::Element;
use crate::fused::{self, Operand};
use crate::kernels::{self, ConvShape, KernelError, PoolShape};
use crate::lower::Kernel;
use crate::strided;
use candle_core::Result;
use hesse_core::graph::{Op, Window};

/// An operand's entries.
#[derive(Clone, Copy)]
pub(super) enum Slice<'a, T> {
    Real(&'a [T]),
    Index(&'a [u32]),
    /// The result's own memory, which holds a dying operand.
    Result,
}

fn wrong(kernel: &Kernel) -> candle_core::Error {
    candle_core::Error::Msg(format!("operands do not fit {kernel:?}"))
}

fn refused(e: KernelError) -> candle_core::Error {
    candle_core::Error::Msg(e.to_string())
}

/// The number of rows of `columns` entries; a row without entries counts as none.
fn rows(entries: usize, columns: usize) -> usize {
    entries.checked_div(columns).unwrap_or(0)
}

/// The geometry over as many planes as `entries` hold, each of `plane` height and width.
fn pooling(window: &Window, entries: usize, plane: [usize; 2]) -> PoolShape {
    PoolShape {
        planes: rows(entries, plane[0] * plane[1]),
        input: window.input,
        kernel: window.kernel,
        stride: window.stride,
        padding: window.padding,
    }
}

/// The sum of one or two convolutions of a kind.
fn convolve<T: Element>(
    op: &Op,
    shape: &ConvShape,
    linear: bool,
    pairs: &[(&[T], &[T])],
    out: &mut [T],
    accumulate: bool,
) -> kernels::Result {
    let winograd = linear && kernels::winograd::suits::<T>(shape);
    match op {
        Op::Conv(_) if winograd => return kernels::winograd::conv2d(shape, pairs, out, accumulate),
        Op::ConvInputGrad(_) if winograd => return kernels::winograd::conv2d_input_grad(shape, pairs, out, accumulate),
        _ => {}
    }
    let sums = linear && kernels::winograd::suits_weight_grad::<T>(shape);
    pairs.iter().enumerate().try_for_each(|(i, (a, b))| {
        let accumulate = accumulate || i > 0;
        match op {
            Op::Conv(_) => kernels::conv2d(shape, a, b, out, accumulate),
            Op::ConvInputGrad(_) => kernels::conv2d_input_grad(shape, a, b, out, accumulate),
            _ if sums => kernels::winograd::conv2d_weight_grad(shape, a, b, out, accumulate),
            _ => kernels::conv2d_weight_grad(shape, a, b, out, accumulate),
        }
    })
}

/// Kernels whose result is real.
pub(super) fn real<T: Element>(kernel: &Kernel, operands: &[Slice<'_, T>], out: &mut [T]) -> Result<()> {
    if let Kernel::Map(e) = kernel {
        let operands = operands
            .iter()
            .map(|o| match o {
                Slice::Real(s) => Ok(Operand::Other(s)),
                Slice::Result => Ok(Operand::InPlace),
                Slice::Index(_) => Err(wrong(kernel)),
            })
            .collect::<Result<Vec<_>>>()?;
        fused::map(e, &operands, out);
        return Ok(());
    }
    if let Kernel::Reduce(e, axes) = kernel {
        let operands = operands
            .iter()
            .map(|o| if let Slice::Real(s) = o { Ok(*s) } else { Err(wrong(kernel)) })
            .collect::<Result<Vec<_>>>()?;
        fused::reduce(e, &operands, axes, out);
        return Ok(());
    }
    match (kernel, operands) {
        (
            Kernel::Conv { op, geometry, batch, channels, accumulate, linear },
            [Slice::Real(a), Slice::Real(b), more @ ..],
        ) => {
            let shape = ConvShape {
                batch: *batch,
                in_channels: channels[0],
                out_channels: channels[1],
                groups: geometry.groups,
                input: geometry.input,
                kernel: geometry.kernel,
                stride: geometry.stride,
                padding: geometry.padding,
                dilation: geometry.dilation,
            };
            let mut pairs = vec![(*a, *b)];
            match more {
                [] => {}
                [Slice::Real(a), Slice::Real(b)] => pairs.push((*a, *b)),
                _ => return Err(wrong(kernel)),
            }
            convolve(op, &shape, *linear, &pairs, out, *accumulate).map_err(refused)?;
        }
        (Kernel::MatMul { batch, m, k, n, transpose, accumulate }, [Slice::Real(a), Slice::Real(b)]) => {
            let sizes = (*m, *n, *k);
            kernels::batched_matmul(*accumulate, *batch, sizes, a, transpose[0], b, transpose[1], out)
                .map_err(refused)?;
        }
        (Kernel::AveragePool { window, count_padding, adjoint }, [Slice::Real(x)]) => {
            let from = if *adjoint { window.output().unwrap_or([0, 0]) } else { window.input };
            let shape = pooling(window, x.len(), from);
            match adjoint {
                false => kernels::avg_pool2d(&shape, *count_padding, x, out, false),
                true => kernels::avg_pool2d_grad(&shape, *count_padding, x, out, false),
            }
            .map_err(refused)?;
        }
        (Kernel::Gather { from, to }, [Slice::Real(x), Slice::Index(i)]) => {
            kernels::gather_last([rows(x.len(), *from), *from, *to], x, i, out).map_err(refused)?;
        }
        (Kernel::ScatterAdd { from, to }, [Slice::Real(g), Slice::Index(i)]) => {
            kernels::scatter_add_last([rows(g.len(), *from), *to, *from], g, i, out, false).map_err(refused)?;
        }
        (Kernel::TakeRows { rows, width }, [Slice::Real(t), Slice::Index(i)]) => {
            kernels::take_rows([*rows, *width], t, i, out).map_err(refused)?;
        }
        (Kernel::PutRows { rows, width }, [Slice::Real(g), Slice::Index(i)]) => {
            kernels::put_rows([*rows, *width], g, i, out, false).map_err(refused)?;
        }
        (Kernel::Read(grid), [Slice::Real(x)]) => strided::read(grid, x, out),
        (Kernel::Write { to, zero }, [Slice::Real(x)]) => {
            if *zero {
                out.fill(T::narrow(0.0));
            }
            strided::write(to, x, out);
        }
        (Kernel::IndexEquals(value), [Slice::Index(i)]) => {
            out.iter_mut().zip(*i).for_each(|(o, i)| *o = T::narrow(if i == value { 1.0 } else { 0.0 }));
        }
        (Kernel::OneHot(n), [Slice::Index(i)]) => {
            out.fill(T::narrow(0.0));
            for (row, &label) in out.chunks_exact_mut(*n).zip(*i) {
                match row.get_mut(label as usize) {
                    Some(o) => *o = T::narrow(1.0),
                    None => return Err(candle_core::Error::Msg(format!("expected labels below {n}, found {label}"))),
                }
            }
        }
        (Kernel::Softmax { op, columns }, [Slice::Real(z)]) => match op {
            Op::LogSumExp => kernels::log_sum_exp(*columns, z, out),
            _ => kernels::softmax(*columns, z, out),
        }
        .map_err(refused)?,
        (Kernel::Softmax { op, columns }, [Slice::Real(p), Slice::Real(u)]) => match op {
            Op::SoftmaxCovariance => kernels::softmax_covariance(*columns, p, u, out),
            _ => kernels::softmax_centre(*columns, p, u, out),
        }
        .map_err(refused)?,
        (Kernel::Softmax { op, columns }, [Slice::Real(z), Slice::Index(y)]) => match op {
            Op::CrossEntropy => kernels::cross_entropy_gap(*columns, z, y, out),
            _ => kernels::softmax_residual(*columns, z, y, out),
        }
        .map_err(refused)?,
        _ => return Err(wrong(kernel)),
    }
    Ok(())
}

/// Kernels whose result is indices.
pub(super) fn index<T: Element>(kernel: &Kernel, operands: &[Slice<'_, T>], out: &mut [u32]) -> Result<()> {
    match (kernel, operands) {
        (Kernel::MaxPoolIndex(window), [Slice::Real(x)]) => {
            kernels::max_pool2d_indices(&pooling(window, x.len(), window.input), x, out).map_err(refused)?;
        }
        (Kernel::ArgMax { columns }, [Slice::Real(z)]) => kernels::arg_max(*columns, z, out).map_err(refused)?,
        (Kernel::IndexReplace(from, to), [Slice::Index(i)]) => {
            out.iter_mut().zip(*i).for_each(|(o, i)| *o = if i == from { *to } else { *i });
        }
        (Kernel::Read(grid), [Slice::Index(x)]) => strided::read(grid, x, out),
        _ => return Err(wrong(kernel)),
    }
    Ok(())
}
