//! The primitives.
//!
//! The set is closed under `jvp` and `vjp`: every derivative rule is written with primitives of this list, so
//! derivatives of every order exist. Convolution, its input gradient and its weight gradient name each other;
//! gathering and scatter-adding by index are each other's transposes, and so are slice and pad, broadcast and sum.
//! Decided against: fused primitives such as batch norm (their derivatives would need primitives of their own);
//! a backend fuses element-wise chains when it compiles.

use super::differential::Differential;
use super::shape::{Dim, Shape};
use serde::{Deserialize, Serialize};

/// A finite or infinite constant, compared and hashed by its bits.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Scalar(pub f64);

impl PartialEq for Scalar {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_bits() == other.0.to_bits()
    }
}
impl Eq for Scalar {}
impl std::hash::Hash for Scalar {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.to_bits().hash(state);
    }
}

/// Where a leaf gets its value from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Source {
    /// Parameter number i of the model, in state-dict order.
    Parameter(usize),
    /// Buffer number i of the model (batch-norm statistics).
    Buffer(usize),
    /// The samples `x`, `[B, …]`.
    Samples,
    /// The class of each sample, an index `[B]` (or `[B, T]` for tokens).
    Labels,
    /// Real targets for regression, `[B, …]`.
    Targets,
    /// The direction's part for parameter i.
    ParameterTangent(usize),
    /// The direction's part for the samples.
    SampleTangent,
    /// A cotangent of the network's output, for Jᵀ·v.
    OutputCotangent,
    /// Output number i of the primal program, handed to the tangent program.
    Saved(usize),
    /// Dropout mask number i: entries 0 or 1/(1 − rate), drawn by the trainer.
    DropoutMask(usize),
}

/// Functions of one real number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(missing_docs)] // the names are the functions
pub enum Unary {
    Exp,
    Log,
    Sqrt,
    Reciprocal,
    Tanh,
    Sigmoid,
    Softplus,
    Relu,
    /// 1 where x > 0, else 0: the derivative of `Relu`; its own derivative is zero.
    Step,
    Abs,
    Sign,
    Sin,
    Cos,
    /// Φ(x), the standard normal distribution function.
    NormalCdf,
    /// φ(x) = exp(−x²/2)/√(2π).
    NormalPdf,
}

/// Functions of two real numbers; both operands have the same shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(missing_docs)] // the names are the functions
pub enum Binary {
    Add,
    Sub,
    Mul,
    Div,
    /// 1 where a > b, else 0; its derivative is zero.
    Greater,
}

/// The geometry of a two-dimensional convolution, complete enough to infer every operand's shape.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Convolution {
    /// Height and width of the input.
    pub input: [usize; 2],
    /// Height and width of the kernel.
    pub kernel: [usize; 2],
    /// Step between windows.
    pub stride: [usize; 2],
    /// Zeros added on both sides.
    pub padding: [usize; 2],
    /// Distance between kernel taps.
    pub dilation: [usize; 2],
    /// Number of independent channel groups.
    pub groups: usize,
}

/// The geometry of a pooling window.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Window {
    /// Height and width of the input.
    pub input: [usize; 2],
    /// Height and width of the window.
    pub kernel: [usize; 2],
    /// Step between windows.
    pub stride: [usize; 2],
    /// Border that never wins a maximum and counts as zero in a mean.
    pub padding: [usize; 2],
}

/// Number of windows along one axis, or nothing where the window does not fit.
pub fn windows(input: usize, kernel: usize, stride: usize, padding: usize, dilation: usize) -> Option<usize> {
    let span = dilation.checked_mul(kernel.checked_sub(1)?)?.checked_add(1)?;
    let room = input.checked_add(padding.checked_mul(2)?)?.checked_sub(span)?;
    room.checked_div(stride)?.checked_add(1)
}

impl Convolution {
    /// Height and width of the output.
    pub fn output(&self) -> Option<[usize; 2]> {
        let along =
            |i: usize| windows(self.input[i], self.kernel[i], self.stride[i], self.padding[i], self.dilation[i]);
        Some([along(0)?, along(1)?])
    }
}

impl Window {
    /// Height and width of the output.
    pub fn output(&self) -> Option<[usize; 2]> {
        let along = |i: usize| windows(self.input[i], self.kernel[i], self.stride[i], self.padding[i], 1);
        Some([along(0)?, along(1)?])
    }
}

/// A primitive with its attributes. Operand order is given with each variant.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Op {
    /// A leaf; the node's shape says the rest.
    Input(Source),
    /// A constant, the same everywhere.
    Fill(Scalar),
    /// A constant vector.
    Table(Vec<Scalar>),
    /// `f(a)`.
    Unary(Unary),
    /// `f(a, b)`.
    Binary(Binary),
    /// `a · factor / |divisor|`, the divisor being a size (so that means over the batch can be written).
    Scale {
        /// The factor.
        factor: Scalar,
        /// The size to divide by.
        divisor: Dim,
    },
    /// `a + c`.
    Shift(Scalar),
    /// `a^p` for constant p.
    Power(Scalar),
    /// `op(a)·op(b)` over the last two axes; leading axes are equal. A flag says that an operand is used transposed.
    MatMul {
        /// Use aᵀ.
        transpose_a: bool,
        /// Use bᵀ.
        transpose_b: bool,
    },
    /// `(x [N,C,H,W], w [O,C/g,kh,kw]) → [N,O,oh,ow]`.
    Conv(Convolution),
    /// `(gy [N,O,oh,ow], w) → [N,C,H,W]`, the adjoint in x.
    ConvInputGrad(Convolution),
    /// `(x, gy) → [O,C/g,kh,kw]`, the adjoint in w.
    ConvWeightGrad(Convolution),
    /// `x [N,C,H,W] → index [N,C,oh,ow]` of the maximum within the plane H·W; the first wins a tie.
    MaxPoolIndex(Window),
    /// Mean over windows, padding counted as zeros where `count_padding`.
    AveragePool {
        /// The geometry.
        window: Window,
        /// Divide by the full window size also at the border.
        count_padding: bool,
    },
    /// The adjoint of `AveragePool`.
    AveragePoolGrad {
        /// The geometry.
        window: Window,
        /// As in `AveragePool`.
        count_padding: bool,
    },
    /// `(x […, n], i […, m]) → […, m]`: y[…, j] = x[…, i[…, j]].
    Gather,
    /// `(g […, m], i […, m]) → […, n]`: the adjoint of `Gather`.
    ScatterAdd(usize),
    /// `(table [V, D], i […]) → […, D]`.
    TakeRows,
    /// `(g […, D], i […]) → [V, D]`: the adjoint of `TakeRows`.
    PutRows(usize),
    /// The same entries in another shape.
    Reshape(Shape),
    /// Axis j of the result is axis `p[j]` of the operand.
    Permute(Vec<usize>),
    /// Axis j of the operand becomes axis `axes[j]` of `shape`; the other axes repeat it.
    Broadcast {
        /// The result's shape.
        shape: Shape,
        /// Rising.
        axes: Vec<usize>,
    },
    /// The sum over these axes (rising), which disappear.
    Sum(Vec<usize>),
    /// Operands side by side along an axis.
    Concat(usize),
    /// `start .. start + step·len` along every axis.
    Slice {
        /// First entry per axis.
        start: Vec<usize>,
        /// Distance between entries per axis.
        step: Vec<usize>,
        /// Sizes of the result.
        shape: Shape,
    },
    /// The adjoint of `Slice`: zeros of the given shape with the operand written into them.
    Pad {
        /// First entry per axis.
        start: Vec<usize>,
        /// Distance between entries per axis.
        step: Vec<usize>,
        /// Sizes of the result.
        shape: Shape,
    },
    /// Index of the largest entry along the last axis; the first wins a tie.
    ArgMax,
    /// 1 where the index equals this value, else 0.
    IndexEquals(u32),
    /// The index with one value replaced by another.
    IndexReplace(u32, u32),
    /// `i […] → […, n]`.
    OneHot(usize),
    /// Softmax along the last axis.
    Softmax,
    /// `(p, u) → (diag p − p pᵀ) u` along the last axis, as p_i Σ_j p_j (u_i − u_j). p must sum to one.
    SoftmaxCovariance,
    /// `(p, u) → Σ_j p_j (u_i − u_j)`, u less its mean under p, along the last axis. p must sum to one, so that a
    /// backend may shift u by any entry before it takes the mean.
    SoftmaxCentre,
    /// `z […, C] → […]`.
    LogSumExp,
    /// `(z […, C], y […]) → […]`: log Σ exp z − z_y, accurate where it is tiny.
    CrossEntropy,
    /// `(z […, C], y […]) → […, C]`: softmax(z) − e_y, the true class as −Σ_{j≠y} p_j.
    SoftmaxResidual,
    /// A function that the graph does not spell out, or one of its differentials. Only backends that can run the
    /// function have it.
    Differential(Differential),
}

impl Op {
    /// The name that listings and error messages use.
    pub fn name(&self) -> &'static str {
        match self {
            Op::Input(_) => "input",
            Op::Fill(_) => "fill",
            Op::Table(_) => "table",
            Op::Unary(u) => match u {
                Unary::Exp => "exp",
                Unary::Log => "log",
                Unary::Sqrt => "sqrt",
                Unary::Reciprocal => "reciprocal",
                Unary::Tanh => "tanh",
                Unary::Sigmoid => "sigmoid",
                Unary::Softplus => "softplus",
                Unary::Relu => "relu",
                Unary::Step => "step",
                Unary::Abs => "abs",
                Unary::Sign => "sign",
                Unary::Sin => "sin",
                Unary::Cos => "cos",
                Unary::NormalCdf => "normal_cdf",
                Unary::NormalPdf => "normal_pdf",
            },
            Op::Binary(b) => match b {
                Binary::Add => "add",
                Binary::Sub => "sub",
                Binary::Mul => "mul",
                Binary::Div => "div",
                Binary::Greater => "greater",
            },
            Op::Scale { .. } => "scale",
            Op::Shift(_) => "shift",
            Op::Power(_) => "power",
            Op::MatMul { .. } => "matmul",
            Op::Conv(_) => "conv2d",
            Op::ConvInputGrad(_) => "conv2d_input_grad",
            Op::ConvWeightGrad(_) => "conv2d_weight_grad",
            Op::MaxPoolIndex(_) => "max_pool_index",
            Op::AveragePool { .. } => "average_pool",
            Op::AveragePoolGrad { .. } => "average_pool_grad",
            Op::Gather => "gather",
            Op::ScatterAdd(_) => "scatter_add",
            Op::TakeRows => "take_rows",
            Op::PutRows(_) => "put_rows",
            Op::Reshape(_) => "reshape",
            Op::Permute(_) => "permute",
            Op::Broadcast { .. } => "broadcast",
            Op::Sum(_) => "sum",
            Op::Concat(_) => "concat",
            Op::Slice { .. } => "slice",
            Op::Pad { .. } => "pad",
            Op::ArgMax => "arg_max",
            Op::IndexEquals(_) => "index_equals",
            Op::IndexReplace(..) => "index_replace",
            Op::OneHot(_) => "one_hot",
            Op::Softmax => "softmax",
            Op::SoftmaxCovariance => "softmax_covariance",
            Op::SoftmaxCentre => "softmax_centre",
            Op::LogSumExp => "log_sum_exp",
            Op::CrossEntropy => "cross_entropy",
            Op::SoftmaxResidual => "softmax_residual",
            Op::Differential(_) => "differential",
        }
    }

    /// Whether each entry of the result depends only on the same entry of each operand.
    pub fn is_element_wise(&self) -> bool {
        matches!(self, Op::Unary(_) | Op::Binary(_) | Op::Scale { .. } | Op::Shift(_) | Op::Power(_))
    }
}
