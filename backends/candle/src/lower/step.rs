//! What lowering produces: buffers, and steps that read and write them.

use crate::fused::{Axis, Expression};
use hesse_core::graph::{Convolution, Kind, Op, Source, Window};
use hesse_core::program::Role;

/// A buffer, by position.
pub(crate) type BufferId = usize;

/// Numbers fixed when the program is compiled.
#[derive(Debug, Clone)]
pub(crate) enum Constant {
    Fill(f64),
    Table(Vec<f64>),
}

/// Where a buffer's entries come from.
#[derive(Debug, Clone)]
pub(crate) enum Origin {
    Computed,
    Input(Source),
    Constant(Constant),
}

#[derive(Debug, Clone)]
pub(crate) struct BufferInfo {
    pub elements: usize,
    pub kind: Kind,
    pub origin: Origin,
}

/// Positions `offset + Σ index·stride` of one operand, for a row-major walk over `dims`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Strided {
    pub dims: Vec<usize>,
    pub strides: Vec<usize>,
    pub offset: usize,
}

/// The kernels; reads are in the order of the primitive's operands.
#[derive(Debug, Clone)]
pub(crate) enum Kernel {
    /// A fused chain, stored.
    Map(Expression),
    /// A fused chain, summed.
    Reduce(Expression, Vec<Axis>),
    /// Three kinds of convolution; the batch is part of the geometry. It reads the operands of one, or of two whose results are
    /// added: see [`super::pair`].
    Conv {
        op: Op,
        geometry: Convolution,
        batch: usize,
        channels: [usize; 2],
        accumulate: bool,
        /// Part of a derivative along a direction: no choice is made from it, so its rounding may depend on a pixel's place.
        linear: bool,
    },
    /// `batch` products of `m × k` by `k × n`.
    MatMul {
        batch: usize,
        m: usize,
        k: usize,
        n: usize,
        transpose: [bool; 2],
        accumulate: bool,
    },
    MaxPoolIndex(Window),
    AveragePool {
        window: Window,
        count_padding: bool,
        adjoint: bool,
    },
    Gather {
        from: usize,
        to: usize,
    },
    ScatterAdd {
        from: usize,
        to: usize,
    },
    TakeRows {
        rows: usize,
        width: usize,
    },
    PutRows {
        rows: usize,
        width: usize,
    },
    /// `out[i] = in[position(i)]`.
    Read(Strided),
    /// `out[position(i)] = in[i]`, after zeroing where asked.
    Write {
        to: Strided,
        zero: bool,
    },
    ArgMax {
        columns: usize,
    },
    IndexEquals(u32),
    IndexReplace(u32, u32),
    OneHot(usize),
    /// The softmax family over rows of this length.
    Softmax {
        op: Op,
        columns: usize,
    },
    /// Hands a value to the caller.
    Deliver(Role),
}

#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub kernel: Kernel,
    pub reads: Vec<BufferId>,
    /// None for `Deliver`.
    pub write: Option<BufferId>,
    /// The primitive, for messages.
    pub name: &'static str,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Lowered {
    pub steps: Vec<Step>,
    pub buffers: Vec<BufferInfo>,
    /// Buffers that hold the kept outputs, by number.
    pub saved: Vec<(usize, BufferId)>,
}
