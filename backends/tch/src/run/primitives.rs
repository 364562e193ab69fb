//! Each primitive as calls of libtorch.

use crate::shim::{self, Outcome, Softmax, WithNumber, words};
use hesse_core::graph::{Binary, Op, Unary};
use tch::{TchError, Tensor};

/// Applies a primitive; `sizes` are those of its result, and `last` says that an image lies with its channels last.
pub(super) fn apply(op: &Op, x: &[&Tensor], sizes: &[i64], batch: usize, last: bool) -> Outcome<Tensor> {
    match (op, x) {
        (Op::Unary(Unary::Step), [x]) => shim::with_number(WithNumber::Above, x, 0.0),
        // 1/√(2π)
        (Op::Unary(Unary::NormalPdf), [x]) => shim::with_number(WithNumber::Times, &x.f_square().map_err(words)?, -0.5)
            .and_then(|t| shim::with_number(WithNumber::Times, &t.f_exp().map_err(words)?, 0.398_942_280_401_432_7)),
        (Op::Unary(f), [x]) => unary(*f, x).map_err(words),
        (Op::Binary(f), [a, b]) => binary(*f, a, b).map_err(words),
        (Op::Scale { factor, divisor }, [x]) => {
            shim::with_number(WithNumber::Times, x, factor.0 / divisor.at(batch) as f64)
        }
        (Op::Shift(c), [x]) => shim::with_number(WithNumber::Plus, x, c.0),
        (Op::Power(p), [x]) => shim::with_number(WithNumber::Power, x, p.0),
        (Op::MatMul { transpose_a, transpose_b }, [a, b]) => product(a, *transpose_a, b, *transpose_b).map_err(words),
        (Op::Conv(c), [x, w]) => shim::conv(x, w, c, last),
        (Op::ConvInputGrad(c), [gy, w]) => shim::conv_input_grad(gy, w, c, last),
        (Op::ConvWeightGrad(c), [x, gy]) => shim::conv_weight_grad(x, gy, c, last),
        (Op::MaxPoolIndex(w), [x]) => shim::max_pool_index(x, w),
        (Op::AveragePool { window, count_padding }, [x]) => shim::average_pool(x, window, *count_padding),
        (Op::AveragePoolGrad { window, count_padding }, [g]) => shim::average_pool_grad(g, window, *count_padding),
        (Op::Gather, [x, i]) => shim::gather(x, i),
        (Op::ScatterAdd(n), [g, i]) => shim::scatter_add(g, i, *n),
        (Op::TakeRows, [table, i]) => {
            let rows = usize::try_from(table.size()[0]).unwrap_or(0);
            shim::check_indices(i, rows).and_then(|()| take_rows(table, i, sizes).map_err(words))
        }
        (Op::PutRows(rows), [g, i]) => {
            shim::check_indices(i, *rows).and_then(|()| put_rows(g, i, sizes).map_err(words))
        }
        (Op::Reshape(_), [x]) => {
            let y = x.f_reshape(sizes).map_err(words)?;
            if last { shim::channels_last(&y) } else { Ok(y) }
        }
        (Op::Permute(p), [x]) => x.f_permute(p.iter().map(|&a| a as i64).collect::<Vec<_>>()).map_err(words),
        (Op::Sum(axes), [x]) => {
            let axes: Vec<i64> = axes.iter().map(|&a| a as i64).collect();
            x.f_sum_dim_intlist(&axes[..], false, x.kind()).map_err(words)
        }
        (Op::Concat(axis), parts) => Tensor::f_cat(parts, *axis as i64).map_err(words),
        (Op::Slice { start, step, .. }, [x]) => sub_grid(x, start, step, sizes).map_err(words),
        (Op::Pad { start, step, .. }, [x]) => pad(x, start, step, sizes).map_err(words),
        (Op::ArgMax, [z]) => z.f_argmax(-1, false).map_err(words),
        (Op::IndexEquals(value), [i]) => Err(format!("no type for the result of {i:?} = {value}")),
        (Op::IndexReplace(from, to), [i]) => shim::index_replace(i, i64::from(*from), i64::from(*to)),
        (Op::Softmax, [z]) => shim::softmax(Softmax::Plain, z, None),
        (Op::LogSumExp, [z]) => shim::softmax(Softmax::LogSumExp, z, None),
        (Op::SoftmaxCovariance, [p, u]) => shim::softmax(Softmax::Covariance, p, Some(u)),
        (Op::SoftmaxCentre, [p, u]) => shim::softmax(Softmax::Centre, p, Some(u)),
        (Op::CrossEntropy, [z, y]) => shim::softmax(Softmax::CrossEntropy, z, Some(y)),
        (Op::SoftmaxResidual, [z, y]) => shim::softmax(Softmax::Residual, z, Some(y)),
        _ => Err(format!("operands do not fit {}", op.name())),
    }
}

/// The primitives whose operands are indices and whose result is real: they alone must be told the type.
pub(super) fn from_index(op: &Op, i: &Tensor, sizes: &[i64], kind: tch::Kind) -> Option<Outcome<Tensor>> {
    match op {
        Op::IndexEquals(value) => Some(shim::index_equals(i, i64::from(*value), kind == tch::Kind::Double)),
        Op::OneHot(classes) => {
            if let Err(cause) = shim::check_indices(i, *classes) {
                return Some(Err(cause));
            }
            let zeros = Tensor::f_zeros(sizes, (kind, i.device()));
            // The ones as a tensor: where a call with a number fails, tch panics when it drops the number.
            let ones = i.f_unsqueeze(-1).and_then(|at| Ok((at.f_ones_like()?.f_to_kind(kind)?, at)));
            Some(zeros.and_then(|mut z| ones.and_then(|(ones, at)| z.f_scatter_(-1, &at, &ones))).map_err(words))
        }
        _ => None,
    }
}

/// Axis j of the operand becomes axis `axes[j]`; the other axes repeat it. A view.
pub(super) fn repeat(x: &Tensor, axes: &[usize], sizes: &[i64]) -> Outcome<Tensor> {
    let kept: Vec<i64> = (0..sizes.len()).map(|a| if axes.contains(&a) { sizes[a] } else { 1 }).collect();
    x.f_reshape(&kept[..]).and_then(|x| x.f_expand(sizes, false)).map_err(words)
}

fn unary(f: Unary, x: &Tensor) -> Result<Tensor, TchError> {
    match f {
        Unary::Exp => x.f_exp(),
        Unary::Log => x.f_log(),
        Unary::Sqrt => x.f_sqrt(),
        Unary::Reciprocal => x.f_reciprocal(),
        Unary::Tanh => x.f_tanh(),
        Unary::Sigmoid => x.f_sigmoid(),
        // libtorch's own gives x beyond a threshold where double precision still sees the difference.
        Unary::Softplus => x.f_abs()?.f_neg_()?.f_exp_()?.f_log1p_()?.f_add_(&x.f_relu()?),
        Unary::Relu => x.f_relu(),
        Unary::Abs => x.f_abs(),
        Unary::Sign => x.f_sign(),
        Unary::Sin => x.f_sin(),
        Unary::Cos => x.f_cos(),
        Unary::NormalCdf => x.f_special_ndtr(),
        Unary::Step | Unary::NormalPdf => Err(TchError::Kind("a function with a number".into())),
    }
}

fn binary(f: Binary, a: &Tensor, b: &Tensor) -> Result<Tensor, TchError> {
    match f {
        Binary::Add => a.f_add(b),
        Binary::Sub => a.f_sub(b),
        Binary::Mul => a.f_mul(b),
        Binary::Div => a.f_div(b),
        Binary::Greater => a.f_gt_tensor(b)?.f_to_kind(a.kind()),
    }
}

fn product(a: &Tensor, transpose_a: bool, b: &Tensor, transpose_b: bool) -> Result<Tensor, TchError> {
    let turned = |x: &Tensor, turn: bool| if turn { x.f_transpose(-2, -1) } else { Ok(x.shallow_clone()) };
    let (a, b) = (turned(a, transpose_a)?, turned(b, transpose_b)?);
    if a.dim() == 2 { a.f_mm(&b) } else { a.f_matmul(&b) }
}

fn take_rows(table: &Tensor, i: &Tensor, sizes: &[i64]) -> Result<Tensor, TchError> {
    table.f_index_select(0, &i.f_reshape([-1])?)?.f_reshape(sizes)
}

fn put_rows(g: &Tensor, i: &Tensor, sizes: &[i64]) -> Result<Tensor, TchError> {
    let rows = g.f_reshape([-1, sizes.last().copied().unwrap_or(1)])?;
    Tensor::f_zeros(sizes, (g.kind(), g.device()))?.f_index_add(0, &i.f_reshape([-1])?, &rows)
}

/// `start .. start + step·len` along every axis, as a view.
fn sub_grid(x: &Tensor, start: &[usize], step: &[usize], sizes: &[i64]) -> Result<Tensor, TchError> {
    let mut view = x.shallow_clone();
    for (axis, ((&start, &step), &len)) in start.iter().zip(step).zip(sizes).enumerate() {
        let (axis, start, step) = (axis as i64, start as i64, step.max(1) as i64);
        let whole = start == 0 && step == 1 && view.size().get(axis as usize) == Some(&len);
        if !whole {
            view = view.f_slice(axis, start, start + step * (len - 1) + 1, step)?;
        }
    }
    Ok(view)
}

fn pad(x: &Tensor, start: &[usize], step: &[usize], sizes: &[i64]) -> Result<Tensor, TchError> {
    let padded = Tensor::f_zeros(sizes, (x.kind(), x.device()))?;
    sub_grid(&padded, start, step, &x.size())?.f_copy_(x)?;
    Ok(padded)
}
