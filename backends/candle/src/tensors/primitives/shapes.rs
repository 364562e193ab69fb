//! Constants, broadcasts, and regular grids of entries: slices and their adjoints.

use crate::tensors::tables::{HOLE, Tables};
use candle_core::{DType, Result, Tensor};

/// Numbers on the device.
pub(super) fn constant(values: &[f64], real: DType, tables: &Tables) -> Result<Tensor> {
    Tensor::from_slice(values, values.len(), tables.device())?.to_dtype(real)
}

/// Axis j of the operand becomes axis `axes[j]`; the other axes repeat it. A view.
pub(in crate::tensors) struct Spread {
    kept: Vec<usize>,
    dims: Vec<usize>,
}

impl Spread {
    pub fn new(axes: &[usize], dims: Vec<usize>) -> Self {
        Spread { kept: (0..dims.len()).map(|a| if axes.contains(&a) { dims[a] } else { 1 }).collect(), dims }
    }

    pub fn apply(&self, x: &Tensor) -> Result<Tensor> {
        x.reshape(self.kept.as_slice())?.broadcast_as(self.dims.as_slice())
    }
}

/// What a result takes along one axis of the operand.
pub(in crate::tensors) enum Axis {
    All,
    /// Neighbours, from the first on.
    Run {
        from: usize,
        length: usize,
    },
    /// By a table, with holes for zeros.
    Table(Tensor),
}

/// `start .. start + step·len` along every axis.
pub(super) fn slice(
    from: &[usize],
    start: &[usize],
    step: &[usize],
    to: &[usize],
    tables: &Tables,
) -> Result<Vec<Axis>> {
    let axis = |a: usize| -> Result<Axis> {
        Ok(match (start[a], step[a]) {
            (0, 1) if from[a] == to[a] => Axis::All,
            (start, 1) => Axis::Run { from: start, length: to[a] },
            (start, step) => Axis::Table(tables.indices((0..to[a]).map(|i| (start + i * step) as u32).collect())?),
        })
    };
    (0..to.len()).map(axis).collect()
}

/// The adjoint of [`slice`].
pub(super) fn pad(from: &[usize], start: &[usize], step: &[usize], to: &[usize], tables: &Tables) -> Result<Vec<Axis>> {
    let axis = |a: usize| -> Result<Axis> {
        if start[a] == 0 && from[a] == to[a] {
            return Ok(Axis::All);
        }
        let mut table = vec![HOLE; to[a]];
        for i in 0..from[a] {
            if let Some(entry) = table.get_mut(start[a] + i * step[a]) {
                *entry = i as u32;
            }
        }
        Ok(Axis::Table(tables.indices(table)?))
    };
    (0..to.len()).map(axis).collect()
}

/// The entries of a grid.
pub(super) fn grid(x: &Tensor, axes: &[Axis]) -> Result<Tensor> {
    let mut y = x.clone();
    for (a, axis) in axes.iter().enumerate() {
        y = match axis {
            Axis::All => y,
            Axis::Run { from, length } => y.narrow(a, *from, *length)?,
            Axis::Table(table) => y.contiguous()?.index_select(table, a)?,
        };
    }
    Ok(y)
}
