//! Primitives whose operands are indices.
//!
//! A device takes an index out of range for the end of everything, so those that a user may have given are looked at first:
//! they are few, one for each sample or token. Many indices are positions that a primitive of ours has found.

use crate::tensors::tables::Tables;
use candle_core::{DType, Result, Tensor};

/// Above this, indices are not a user's.
const FEW: usize = 16384;

/// Rows of `size` entries, or a table of `size` rows, indexed.
pub(in crate::tensors) struct Rows {
    size: usize,
    dims: Vec<usize>,
    /// 0, 1, …
    iota: Tensor,
    real: DType,
}

/// Whether an index is this one, as numbers of eight bits.
pub(super) fn equals(i: &Tensor, value: &Tensor) -> Result<Tensor> {
    i.eq(&value.reshape(())?.broadcast_as(i.shape())?)
}

/// An error where an index is not below `size`.
pub(super) fn check(i: &Tensor, size: usize, what: &str) -> Result<()> {
    if i.elem_count() == 0 || i.elem_count() > FEW {
        return Ok(());
    }
    let largest = i.contiguous()?.max_all()?.to_scalar::<u32>()?;
    if (largest as usize) < size {
        return Ok(());
    }
    Err(candle_core::Error::Msg(format!("expected {what} below {size}, found {largest}")))
}

impl Rows {
    pub fn new(size: usize, dims: Vec<usize>, tables: &Tables) -> Result<Self> {
        Ok(Rows { size, dims, iota: tables.iota(size)?, real: DType::F64 })
    }

    /// The same with results of this type.
    pub fn of(self, real: DType) -> Self {
        Rows { real, ..self }
    }

    /// `[…, n]` as `[rows, n]`.
    fn flat(x: &Tensor) -> Result<Tensor> {
        let n = x.dims().last().copied().unwrap_or(1);
        x.contiguous()?.reshape((x.elem_count().checked_div(n).unwrap_or(0), n))
    }

    /// y[…, j] = x[…, i[…, j]].
    pub fn gather(&self, x: &Tensor, i: &Tensor) -> Result<Tensor> {
        check(i, self.size, "an index")?;
        Self::flat(x)?.gather(&Self::flat(i)?, 1)?.reshape(self.dims.as_slice())
    }

    /// The adjoint of [`gather`](Self::gather).
    pub fn scatter_add(&self, g: &Tensor, i: &Tensor) -> Result<Tensor> {
        check(i, self.size, "an index")?;
        let (g, i) = (Self::flat(g)?, Self::flat(i)?);
        let zeros = Tensor::zeros((g.dim(0)?, self.size), g.dtype(), g.device())?;
        zeros.scatter_add(&i, &g, 1)?.reshape(self.dims.as_slice())
    }

    /// Rows of a table.
    pub fn take(&self, table: &Tensor, i: &Tensor) -> Result<Tensor> {
        check(i, self.size, "an index")?;
        table.contiguous()?.index_select(&i.contiguous()?.flatten_all()?, 0)?.reshape(self.dims.as_slice())
    }

    /// The adjoint of [`take`](Self::take).
    pub fn put(&self, g: &Tensor, i: &Tensor) -> Result<Tensor> {
        check(i, self.size, "an index")?;
        let g = Self::flat(g)?;
        let zeros = Tensor::zeros(self.dims.as_slice(), g.dtype(), g.device())?;
        zeros.index_add(&i.contiguous()?.flatten_all()?, &g, 0)
    }

    /// Where the last axis has its largest entry; the first wins.
    pub fn arg_max(&self, z: &Tensor) -> Result<Tensor> {
        let z = Self::flat(z)?;
        let is_largest = z.broadcast_eq(&z.max_keepdim(1)?)?;
        let place = self.iota.reshape((1, self.size))?.broadcast_as(z.shape())?;
        // Where nothing equals the largest, that is no number, and any place will do.
        let last = self.iota.narrow(0, self.size - 1, 1)?.reshape(())?.broadcast_as(z.shape())?;
        is_largest.where_cond(&place, &last)?.min(1)?.reshape(self.dims.as_slice())
    }

    /// 1 at the index, 0 elsewhere.
    pub fn one_hot(&self, i: &Tensor) -> Result<Tensor> {
        check(i, self.size, "an index")?;
        let count = i.elem_count();
        let (i, place) = (i.reshape((count, 1))?, self.iota.reshape((1, self.size))?);
        i.broadcast_eq(&place)?.to_dtype(self.real)?.reshape(self.dims.as_slice())
    }
}
