//! Softmax and cross-entropy along the last axis, exact where a sample is saturated.
//!
//! As in the kernels for the CPU, nothing subtracts a probability from 1: differences are sums over the other classes, and
//! logits are taken relative to the largest. Sums are in f64. Entries are picked by masks, which cannot be out of range.

use super::element_wise::log1p;
use super::indexing::check;
use crate::tensors::tables::Tables;
use candle_core::{DType, Result, Tensor};
use hesse_core::graph::Op;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Plain,
    LogSumExp,
    Covariance,
    Centre,
    CrossEntropy,
    Residual,
}

/// One of the family.
pub(in crate::tensors) struct Softmax {
    form: Form,
    /// Length of the last axis.
    classes: usize,
    dims: Vec<usize>,
    iota: Tensor,
}

impl Softmax {
    pub fn new(op: &Op, operand: &[usize], dims: Vec<usize>, tables: &Tables) -> Result<Self> {
        let form = match op {
            Op::LogSumExp => Form::LogSumExp,
            Op::SoftmaxCovariance => Form::Covariance,
            Op::SoftmaxCentre => Form::Centre,
            Op::CrossEntropy => Form::CrossEntropy,
            Op::SoftmaxResidual => Form::Residual,
            _ => Form::Plain,
        };
        let classes = operand.last().copied().unwrap_or(1);
        Ok(Softmax { form, classes, dims, iota: tables.iota(classes)?.reshape((1, classes))? })
    }

    /// Rows in f64.
    fn rows(&self, x: &Tensor) -> Result<Tensor> {
        x.contiguous()?.reshape((x.elem_count() / self.classes, self.classes))?.to_dtype(DType::F64)
    }

    /// Whether an entry is at the place of its row, as numbers of eight bits.
    fn at(&self, place: &Tensor) -> Result<Tensor> {
        place.reshape((place.elem_count(), 1))?.broadcast_eq(&self.iota)
    }

    /// The place of the largest entry of each row; the first wins.
    fn largest(&self, rows: &Tensor, top: &Tensor) -> Result<Tensor> {
        let place = self.iota.broadcast_as(rows.shape())?;
        let none = Tensor::full(self.classes as u32, (), rows.device())?.broadcast_as(rows.shape())?;
        rows.broadcast_eq(top)?.where_cond(&place, &none)?.min(1)
    }

    /// The entry of each row at a mask.
    fn picked(mask: &Tensor, rows: &Tensor) -> Result<Tensor> {
        let zero = Tensor::zeros((), rows.dtype(), rows.device())?.broadcast_as(rows.shape())?;
        mask.where_cond(rows, &zero)?.sum_keepdim(1)
    }

    /// The sum of each row without the entry at a mask.
    fn others(mask: &Tensor, rows: &Tensor) -> Result<Tensor> {
        let zero = Tensor::zeros((), rows.dtype(), rows.device())?.broadcast_as(rows.shape())?;
        mask.where_cond(&zero, rows)?.sum_keepdim(1)
    }

    pub fn apply(&self, x: &[&Tensor]) -> Result<Tensor> {
        let (Some(first), second) = (x.first(), x.get(1)) else {
            return Err(candle_core::Error::Msg("no operand".into()));
        };
        let second = || second.ok_or_else(|| candle_core::Error::Msg("expected two operands, found one".into()));
        let z = self.rows(first)?;
        let top = z.max_keepdim(1)?;
        let exponentials = || z.broadcast_sub(&top)?.exp();
        let result = match self.form {
            Form::Plain => {
                let e = exponentials()?;
                e.broadcast_div(&e.sum_keepdim(1)?)?
            }
            Form::Covariance | Form::Centre => {
                let u = self.rows(second()?)?;
                // u relative to its entry for the dominant class, which then contributes p_m·0, exactly.
                let shift = Self::picked(&self.at(&self.largest(&z, &top)?)?, &u)?;
                let moved = u.broadcast_sub(&shift)?;
                let centred = moved.broadcast_sub(&moved.mul(&z)?.sum_keepdim(1)?)?;
                if self.form == Form::Centre { centred } else { centred.mul(&z)? }
            }
            Form::LogSumExp => {
                let rest = Self::others(&self.at(&self.largest(&z, &top)?)?, &exponentials()?)?;
                let sum = top.add(&log1p(&rest)?)?;
                // An infinite largest logit is the answer itself; the sum over the others is then not a number.
                let limit = Tensor::full(f64::INFINITY, (), z.device())?.broadcast_as(top.shape())?;
                top.abs()?.eq(&limit)?.where_cond(&top, &sum)?
            }
            Form::CrossEntropy => {
                let y = second()?;
                check(y, self.classes, "labels")?;
                let rest = Self::others(&self.at(&self.largest(&z, &top)?)?, &exponentials()?)?;
                top.sub(&Self::picked(&self.at(y)?, &z)?)?.add(&log1p(&rest)?)?
            }
            Form::Residual => {
                let y = second()?;
                check(y, self.classes, "labels")?;
                let (e, own) = (exponentials()?, self.at(y)?);
                let others = Self::others(&own, &e)?.neg()?.broadcast_as(e.shape())?;
                own.where_cond(&others, &e)?.broadcast_div(&e.sum_keepdim(1)?)?
            }
        };
        result.to_dtype(first.dtype())?.reshape(self.dims.as_slice())
    }
}
