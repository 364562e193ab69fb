//! A network's graph with PyTorch's functions, each as a person would write it there.

use crate::oracle::setting::Setting;
use crate::oracle::value::{Entries, Value};
use hesse_core::graph::{Binary, Op, Source, Unary, Window};
use tch::{Kind, Tensor};

fn long(v: &[usize]) -> Vec<i64> {
    v.iter().map(|&n| n as i64).collect()
}

fn constant(v: &Value<f64>) -> Tensor {
    match &v.entries {
        Entries::Real(x) => Tensor::from_slice(x),
        Entries::Index(i) => Tensor::from_slice(&i.iter().map(|&i| i64::from(i)).collect::<Vec<_>>()),
    }
}

/// The part of a flat vector that belongs to number `i` of these sizes.
fn part(flat: &Tensor, sizes: &[usize], i: usize) -> Tensor {
    flat.narrow(0, sizes[..i].iter().sum::<usize>() as i64, sizes[i] as i64)
}

/// The sum-reduced loss.
pub fn loss(s: &Setting, parameters: &Tensor, samples: &Tensor) -> Tensor {
    let g = &s.graph;
    let parameter_sizes: Vec<usize> = g.parameters().iter().map(|p| p.elements()).collect();
    let buffer_sizes: Vec<usize> = g.buffers().iter().map(|b| b.elements()).collect();
    let buffers = Tensor::from_slice(&s.buffers);
    let mut values: Vec<Tensor> = Vec::new();
    for node in g.nodes() {
        let shape = long(&node.shape.at(s.batch));
        let value = match &node.op {
            Op::Input(source) => match source {
                Source::Parameter(i) => part(parameters, &parameter_sizes, *i),
                Source::Buffer(i) => part(&buffers, &buffer_sizes, *i),
                Source::Samples => samples.shallow_clone(),
                Source::Labels => constant(s.labels.as_ref().unwrap()),
                Source::Targets => constant(s.targets.as_ref().unwrap()),
                Source::DropoutMask(i) => constant(&s.masks[*i]),
                other => panic!("a network does not read {other:?}"),
            }
            .view(&shape[..]),
            op => {
                let operands: Vec<&Tensor> = node.operands.iter().map(|v| &values[v.index()]).collect();
                apply(op, &operands, &shape, s.batch)
            }
        };
        assert_eq!(value.size(), shape, "{}", node.op.name());
        values.push(value);
    }
    values.swap_remove(s.loss.total.index())
}

fn apply(op: &Op, x: &[&Tensor], shape: &[i64], batch: usize) -> Tensor {
    match op {
        Op::Fill(c) => Tensor::full(shape, c.0, tch::kind::DOUBLE_CPU),
        Op::Table(t) => Tensor::from_slice(&t.iter().map(|c| c.0).collect::<Vec<_>>()),
        Op::Unary(f) => unary(*f, x[0]),
        Op::Binary(f) => match f {
            Binary::Add => x[0] + x[1],
            Binary::Sub => x[0] - x[1],
            Binary::Mul => x[0] * x[1],
            Binary::Div => x[0] / x[1],
            Binary::Greater => x[0].gt_tensor(x[1]).to_kind(Kind::Double),
        },
        Op::Scale { factor, divisor } => x[0] * (factor.0 / divisor.at(batch) as f64),
        Op::Shift(c) => x[0] + c.0,
        Op::Power(p) => x[0].pow_tensor_scalar(p.0),
        Op::MatMul { transpose_a, transpose_b } => {
            let turned = |x: &Tensor, turn: bool| if turn { x.transpose(-2, -1) } else { x.shallow_clone() };
            turned(x[0], *transpose_a).matmul(&turned(x[1], *transpose_b))
        }
        Op::Conv(c) => {
            x[0].conv2d(x[1], None::<Tensor>, long(&c.stride), long(&c.padding), long(&c.dilation), c.groups as i64)
        }
        Op::MaxPoolIndex(w) => max_index(x[0], w),
        Op::AveragePool { window, count_padding } => average(x[0], window, *count_padding),
        Op::Gather => x[0].gather(-1, x[1], false),
        Op::ScatterAdd(n) => {
            let mut sizes = x[0].size();
            *sizes.last_mut().unwrap() = *n as i64;
            Tensor::zeros(&sizes[..], tch::kind::DOUBLE_CPU).scatter_add(-1, x[1], x[0])
        }
        Op::TakeRows => x[0].index_select(0, &x[1].reshape([-1])).reshape(shape),
        Op::Reshape(_) => x[0].reshape(shape),
        Op::Permute(p) => x[0].permute(long(p)),
        Op::Broadcast { axes, .. } => {
            let kept: Vec<i64> = (0..shape.len()).map(|a| if axes.contains(&a) { shape[a] } else { 1 }).collect();
            x[0].reshape(&kept[..]).expand(shape, false)
        }
        Op::Sum(axes) => x[0].sum_dim_intlist(long(axes), false, Kind::Double),
        Op::Concat(axis) => Tensor::cat(x, *axis as i64),
        Op::Slice { start, step, .. } => {
            let mut y = x[0].shallow_clone();
            for axis in 0..shape.len() {
                let (from, by) = (start[axis] as i64, step[axis] as i64);
                y = y.slice(axis as i64, from, from + by * (shape[axis] - 1) + 1, by);
            }
            y
        }
        Op::Pad { start, step, .. } => {
            let mut index = Vec::new();
            for axis in 0..shape.len() {
                let places: Vec<i64> =
                    (0..x[0].size()[axis]).map(|i| start[axis] as i64 + step[axis] as i64 * i).collect();
                let mut view = vec![1; shape.len()];
                view[axis] = places.len() as i64;
                index.push(Some(Tensor::from_slice(&places).view(&view[..])));
            }
            Tensor::zeros(shape, tch::kind::DOUBLE_CPU).index_put(&index, x[0], false)
        }
        Op::ArgMax => x[0].argmax(-1, false),
        Op::IndexEquals(value) => x[0].eq(i64::from(*value)).to_kind(Kind::Double),
        Op::IndexReplace(from, to) => x[0].masked_fill(&x[0].eq(i64::from(*from)), i64::from(*to)),
        Op::OneHot(n) => x[0].one_hot(*n as i64).to_kind(Kind::Double),
        Op::Softmax => x[0].softmax(-1, Kind::Double),
        Op::SoftmaxCentre => x[1] - (x[0] * x[1]).sum_dim_intlist(&[-1i64][..], true, Kind::Double),
        Op::SoftmaxCovariance => x[0] * (x[1] - (x[0] * x[1]).sum_dim_intlist(&[-1i64][..], true, Kind::Double)),
        Op::LogSumExp => x[0].logsumexp([-1], false),
        Op::CrossEntropy => cross_entropy(x[0], x[1]),
        Op::SoftmaxResidual => {
            let classes = *x[0].size().last().unwrap();
            x[0].softmax(-1, Kind::Double) - x[1].one_hot(classes).to_kind(Kind::Double)
        }
        Op::Differential(_) => panic!("a function outside the graph"),
        // The rest are derivatives of these, or only appear in derivatives; autograd has its own. Where a network is
        // made of them all the same, they are written as the adjoints they are.
        Op::ConvInputGrad(c) => adjoint(shape, x[0], |z| {
            z.conv2d(x[1], None::<Tensor>, long(&c.stride), long(&c.padding), long(&c.dilation), c.groups as i64)
        }),
        Op::ConvWeightGrad(c) => adjoint(shape, x[1], |w| {
            x[0].conv2d(w, None::<Tensor>, long(&c.stride), long(&c.padding), long(&c.dilation), c.groups as i64)
        }),
        Op::AveragePoolGrad { window, count_padding } => adjoint(shape, x[0], |z| average(z, window, *count_padding)),
        Op::PutRows(_) => {
            adjoint(shape, x[0], |table| table.index_select(0, &x[1].reshape([-1])).reshape(&x[0].size()[..]))
        }
        Op::Input(_) => unreachable!("inputs have values"),
    }
}

/// log(1 + Σ exp(z_j − z_y)) over the other classes. The usual −log softmax(z)_y is right to 1e-16 absolutely and not
/// relatively, so that of a loss of 1e-9 half of the digits are lost, and with them this oracle.
fn cross_entropy(z: &Tensor, labels: &Tensor) -> Tensor {
    let classes = *z.size().last().unwrap();
    let own = labels.one_hot(classes).to_kind(Kind::Bool);
    let apart = z - z.gather(-1, &labels.unsqueeze(-1), false);
    -(-apart.masked_fill(&own, f64::NEG_INFINITY).logsumexp([-1], false)).log_sigmoid()
}

/// Aᵀ g for a linear A, as the gradient of ⟨A z, g⟩.
fn adjoint(shape: &[i64], g: &Tensor, apply: impl Fn(&Tensor) -> Tensor) -> Tensor {
    let z = Tensor::zeros(shape, tch::kind::DOUBLE_CPU).set_requires_grad(true);
    let product = (apply(&z) * g).sum(Kind::Double);
    Tensor::run_backward(&[product], &[&z], true, true).remove(0)
}

fn unary(f: Unary, x: &Tensor) -> Tensor {
    match f {
        Unary::Exp => x.exp(),
        Unary::Log => x.log(),
        Unary::Sqrt => x.sqrt(),
        Unary::Reciprocal => x.reciprocal(),
        Unary::Tanh => x.tanh(),
        Unary::Sigmoid => x.sigmoid(),
        Unary::Softplus => x.exp().log1p(),
        Unary::Relu => x.relu(),
        Unary::Step => x.gt(0.0).to_kind(Kind::Double),
        Unary::Abs => x.abs(),
        Unary::Sign => x.detach().sign(),
        Unary::Sin => x.sin(),
        Unary::Cos => x.cos(),
        Unary::NormalCdf => ((x / std::f64::consts::SQRT_2).erf() + 1.0) * 0.5,
        Unary::NormalPdf => (-x * x * 0.5).exp() / std::f64::consts::TAU.sqrt(),
    }
}

/// Zeros on both sides of both axes: PyTorch's pooling takes no more padding than half a window.
fn bordered(x: &Tensor, w: &Window, value: f64) -> Tensor {
    let [rows, columns] = w.padding.map(|p| p as i64);
    x.constant_pad_nd([columns, columns, rows, rows]) + border_mask(x, w) * value
}

/// One on the border, zero inside.
fn border_mask(x: &Tensor, w: &Window) -> Tensor {
    let [rows, columns] = w.padding.map(|p| p as i64);
    1.0 - x.detach().ones_like().constant_pad_nd([columns, columns, rows, rows])
}

fn max_index(x: &Tensor, w: &Window) -> Tensor {
    let padded = bordered(&x.detach(), w, -1e300);
    let (_, index) = padded.max_pool2d_with_indices(long(&w.kernel), long(&w.stride), [0, 0], [1, 1], false);
    // Positions within the padded plane become positions within the plane.
    let [rows, columns] = w.padding.map(|p| p as i64);
    let wide = w.input[1] as i64 + 2 * columns;
    let row = index.divide_scalar_mode(wide, "floor").to_kind(Kind::Int64) - rows;
    let column = index.remainder(wide) - columns;
    row * w.input[1] as i64 + column
}

fn average(x: &Tensor, w: &Window, count_padding: bool) -> Tensor {
    let mean = |x: &Tensor| x.avg_pool2d(long(&w.kernel), long(&w.stride), [0, 0], false, true, None::<i64>);
    let sums = mean(&bordered(x, w, 0.0));
    if count_padding { sums } else { sums / mean(&(1.0 - border_mask(x, w))) }
}
