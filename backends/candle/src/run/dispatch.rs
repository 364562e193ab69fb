//! From a step to its kernel.

use crate::element::Element;
use crate::fused::{self, Operand};
use crate::kernels::{self, ConvShape};
use crate::lower::Kernel;
use crate::{pool, softmax, strided};
use candle_core::Result;
use hesse_core::graph::Op;

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

fn refused(e: kernels::KernelError) -> candle_core::Error {
    candle_core::Error::Msg(e.to_string())
}

/// Kernels whose result is real.
pub(super) fn real<T: Element>(kernel: &Kernel, operands: &[Slice<'_, T>], out: &mut [T]) -> Result<()> {
    if let Kernel::Map(e) = kernel {
        let operands = operands
            .iter()
            .map(|o| match o {
                Slice::Real(s) => Ok(Operand::Other(*s)),
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
        (Kernel::Conv { op, geometry, batch, channels, accumulate }, [Slice::Real(a), Slice::Real(b)]) => {
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
            match op {
                Op::Conv(_) => kernels::conv2d(&shape, a, b, out, *accumulate),
                Op::ConvInputGrad(_) => kernels::conv2d_input_grad(&shape, a, b, out, *accumulate),
                _ => kernels::conv2d_weight_grad(&shape, a, b, out, *accumulate),
            }
            .map_err(refused)?;
        }
        (Kernel::MatMul { batch, m, k, n, transpose, accumulate }, [Slice::Real(a), Slice::Real(b)]) => {
            let sizes = (*m, *n, *k);
            kernels::batched_matmul(*accumulate, *batch, sizes, a, transpose[0], b, transpose[1], out)
                .map_err(refused)?;
        }
        (Kernel::AveragePool { window, count_padding, adjoint }, [Slice::Real(x)]) => {
            pool::average(window, *count_padding, *adjoint, x, out);
        }
        (Kernel::Gather { from, to }, [Slice::Real(x), Slice::Index(i)]) => pool::gather([*from, *to], x, i, out)?,
        (Kernel::ScatterAdd { from, to }, [Slice::Real(g), Slice::Index(i)]) => {
            pool::scatter([*from, *to], g, i, out)?;
        }
        (Kernel::TakeRows { rows, width }, [Slice::Real(t), Slice::Index(i)]) => {
            pool::take_rows(*rows, *width, t, i, out)?;
        }
        (Kernel::PutRows { rows, width }, [Slice::Real(g), Slice::Index(i)]) => {
            pool::put_rows(*rows, *width, g, i, out)?;
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
        (Kernel::Softmax { op, columns }, [Slice::Real(z)]) => softmax::one(op, *columns, z, out),
        (Kernel::Softmax { op, columns }, [Slice::Real(p), Slice::Real(u)]) => softmax::two(op, *columns, p, u, out),
        (Kernel::Softmax { op, columns }, [Slice::Real(z), Slice::Index(y)]) => {
            softmax::labelled(op, *columns, z, y, out)?;
        }
        _ => return Err(wrong(kernel)),
    }
    Ok(())
}

/// Kernels whose result is indices.
pub(super) fn index<T: Element>(kernel: &Kernel, operands: &[Slice<'_, T>], out: &mut [u32]) -> Result<()> {
    match (kernel, operands) {
        (Kernel::MaxPoolIndex(window), [Slice::Real(x)]) => pool::max_index(window, x, out),
        (Kernel::ArgMax { columns }, [Slice::Real(z)]) => softmax::arg_max(*columns, z, out),
        (Kernel::IndexReplace(from, to), [Slice::Index(i)]) => {
            out.iter_mut().zip(*i).for_each(|(o, i)| *o = if i == from { *to } else { *i });
        }
        (Kernel::Read(grid), [Slice::Index(x)]) => strided::read(grid, x, out),
        _ => return Err(wrong(kernel)),
    }
    Ok(())
}
