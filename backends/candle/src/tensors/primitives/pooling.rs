//! Pooling by gathers: a window's entries are those of as many shifted copies of the image.

use super::shapes::constant;
use crate::tensors::tables::{HOLE, Tables};
use candle_core::{DType, Result, Tensor};
use hesse_core::graph::Window;

fn windows(w: &Window) -> Result<[usize; 2]> {
    w.output().ok_or_else(|| candle_core::Error::Msg("a window that does not fit".into()))
}

/// The entry that tap `tap` of window `at` covers along an axis, if it lies in the image.
fn covered(w: &Window, axis: usize, at: usize, tap: usize) -> Option<usize> {
    (at * w.stride[axis] + tap).checked_sub(w.padding[axis]).filter(|i| *i < w.input[axis])
}

/// Positions of maxima.
pub(in crate::tensors) struct MaxIndex {
    /// The place in the plane that each tap of every window covers; the first one that it covers where a tap is outside.
    taps: Vec<Tensor>,
    dims: [usize; 4],
    area: usize,
}

impl MaxIndex {
    pub fn new(w: &Window, image: [usize; 4], tables: &Tables) -> Result<Self> {
        let [rows, columns] = windows(w)?;
        let mut taps = Vec::new();
        let first: Vec<u32> = (0..rows * columns)
            .map(|p| {
                let (i, j) = (p / columns, p % columns);
                let from = |axis, at| (0..w.kernel[axis]).find_map(|t| covered(w, axis, at, t)).unwrap_or(0);
                (from(0, i) * w.input[1] + from(1, j)) as u32
            })
            .collect();
        for tap in 0..w.kernel[0] * w.kernel[1] {
            let (a, b) = (tap / w.kernel[1], tap % w.kernel[1]);
            let mut table = first.clone();
            for (p, entry) in table.iter_mut().enumerate() {
                if let Some((y, x)) = covered(w, 0, p / columns, a).zip(covered(w, 1, p % columns, b)) {
                    *entry = (y * w.input[1] + x) as u32;
                }
            }
            taps.push(tables.indices(table)?);
        }
        // What all windows start from.
        taps.insert(0, tables.indices(first)?);
        Ok(MaxIndex { taps, dims: [image[0], image[1], rows, columns], area: w.input[0] * w.input[1] })
    }

    pub fn apply(&self, x: &Tensor) -> Result<Tensor> {
        let planes = x.contiguous()?.reshape((self.dims[0] * self.dims[1], self.area))?;
        let Some((first, taps)) = self.taps.split_first() else {
            return Err(candle_core::Error::Msg("a window without taps".into()));
        };
        let mut largest = planes.index_select(first, 1)?;
        let mut place = first.unsqueeze(0)?.broadcast_as(largest.shape())?.contiguous()?;
        for tap in taps {
            let value = planes.index_select(tap, 1)?;
            // Strictly, so that the first wins.
            let larger = value.gt(&largest)?;
            largest = larger.where_cond(&value, &largest)?;
            place = larger.where_cond(&tap.unsqueeze(0)?.broadcast_as(place.shape())?, &place)?;
        }
        place.reshape(self.dims.as_slice())
    }
}

/// Means over windows, or the adjoint: sums along one axis, then along the other, with a factor for each window.
pub(in crate::tensors) struct Average {
    /// For each axis the entries to add.
    taps: [Vec<Tensor>; 2],
    /// 1 / (entries counted) of each window, `[1, 1, rows, columns]`.
    factors: Tensor,
    /// Whether windows are the operand.
    adjoint: bool,
}

impl Average {
    pub fn new(w: &Window, count_padding: bool, real: DType, tables: &Tables) -> Result<Self> {
        let out = windows(w)?;
        let along = |axis: usize| -> Result<Vec<Tensor>> {
            let tap = |t| (0..out[axis]).map(|at| covered(w, axis, at, t).map_or(HOLE, |i| i as u32)).collect();
            (0..w.kernel[axis]).map(|t| tables.indices(tap(t))).collect()
        };
        let taps = [along(0)?, along(1)?];
        Ok(Average { taps, factors: factors(w, count_padding, real, tables)?, adjoint: false })
    }

    pub fn adjoint(w: &Window, count_padding: bool, real: DType, tables: &Tables) -> Result<Self> {
        let out = windows(w)?;
        let along = |axis: usize| -> Result<Vec<Tensor>> {
            let mut taps = Vec::new();
            for t in 0..w.kernel[axis] {
                let mut table = vec![HOLE; w.input[axis]];
                for at in 0..out[axis] {
                    if let Some(i) = covered(w, axis, at, t) {
                        table[i] = at as u32;
                    }
                }
                taps.push(tables.indices(table)?);
            }
            Ok(taps)
        };
        let taps = [along(0)?, along(1)?];
        Ok(Average { taps, factors: factors(w, count_padding, real, tables)?, adjoint: true })
    }

    pub fn apply(&self, x: &Tensor) -> Result<Tensor> {
        if self.adjoint {
            return self.sums(&x.broadcast_mul(&self.factors)?);
        }
        self.sums(x)?.broadcast_mul(&self.factors)
    }

    fn sums(&self, x: &Tensor) -> Result<Tensor> {
        let mut x = x.contiguous()?;
        for (axis, taps) in self.taps.iter().enumerate() {
            let mut sum: Option<Tensor> = None;
            for tap in taps {
                let value = x.index_select(tap, 2 + axis)?;
                sum = Some(match sum {
                    Some(sum) => sum.add(&value)?,
                    None => value,
                });
            }
            x = sum.ok_or_else(|| candle_core::Error::Msg("a window without taps".into()))?;
        }
        Ok(x)
    }
}

fn factors(w: &Window, count_padding: bool, real: DType, tables: &Tables) -> Result<Tensor> {
    let [rows, columns] = windows(w)?;
    let counted = |axis: usize, at: usize| match count_padding {
        true => w.kernel[axis],
        false => (0..w.kernel[axis]).filter(|t| covered(w, axis, at, *t).is_some()).count(),
    };
    let values: Vec<f64> =
        (0..rows * columns).map(|p| 1.0 / (counted(0, p / columns) * counted(1, p % columns)) as f64).collect();
    constant(&values, real, tables)?.reshape((1, 1, rows, columns))
}
