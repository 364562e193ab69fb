//! Convolution and its two gradients as a gather and a matrix product.
//!
//! All three unfold an image: the entries that the taps of a kernel see at each position, `[N, C·taps, positions]`, gathered
//! from the planes by a constant table, with holes where a tap sees the border. For the input gradient the image is the
//! cotangent, seen through the kernel turned round, which is a table of its own; so stride and dilation need no more than
//! other tables, and no sum has an order that could change.

use crate::tensors::tables::{HOLE, Tables, is_identity};
use candle_core::{Result, Tensor};
use hesse_core::graph::Convolution;

/// The most entries that an unfolded image may have; of larger batches one part after the other is unfolded.
const ROOM: usize = 1 << 27;

/// How an image is unfolded.
struct Unfolding {
    /// Places in a plane, tap by tap; none where there is one tap, which sees each position's own entry.
    table: Option<Tensor>,
    /// Entries of a plane.
    area: usize,
    taps: usize,
    positions: usize,
}

impl Unfolding {
    fn new(table: Vec<u32>, area: usize, taps: usize, tables: &Tables) -> Result<Self> {
        let positions = table.len().checked_div(taps).unwrap_or(0);
        let same = taps == 1 && is_identity(&table, area);
        let table = if same { None } else { Some(tables.indices(table)?) };
        Ok(Unfolding { table, area, taps, positions })
    }

    /// `[n, c, h, w]` → `[n, c·taps, positions]`.
    fn apply(&self, x: &Tensor) -> Result<Tensor> {
        let (n, c) = (x.dim(0)?, x.dim(1)?);
        let planes = x.contiguous()?.reshape((n, c, self.area))?;
        match &self.table {
            None => Ok(planes),
            Some(table) => planes.index_select(table, 2)?.reshape((n, c * self.taps, self.positions)),
        }
    }

    /// Entries for one sample of so many channels.
    fn entries(&self, channels: usize) -> usize {
        if self.table.is_some() { channels * self.taps * self.positions } else { 0 }
    }

    /// Every group's rows, `[outer, c·taps]`, times what the unfolded image of its channels holds: `[N, groups·outer, positions]`.
    fn times(&self, x: &Tensor, groups: usize, rows: impl Fn(usize) -> Result<Tensor>) -> Result<Tensor> {
        let (samples, channels) = (x.dim(0)?, x.dim(1)? / groups);
        let parts = (0..groups).map(|g| {
            let (x, rows) = (x.narrow(1, g * channels, channels)?, rows(g)?);
            in_parts(samples, self.at_once(samples, channels), |from, n| {
                times(&rows, &self.apply(&x.narrow(0, from, n)?)?)
            })
        });
        joined(&parts.collect::<Result<Vec<_>>>()?, 1)
    }

    /// How many samples are unfolded at once.
    fn at_once(&self, samples: usize, channels: usize) -> usize {
        (ROOM / self.entries(channels).max(1)).clamp(1, samples.max(1))
    }
}

fn output(c: &Convolution) -> Result<[usize; 2]> {
    c.output().ok_or_else(|| candle_core::Error::Msg("a kernel that does not fit".into()))
}

/// The entry along an axis that a tap sees at an output position.
fn seen(c: &Convolution, axis: usize, at: usize, tap: usize) -> Option<usize> {
    (at * c.stride[axis] + tap * c.dilation[axis]).checked_sub(c.padding[axis]).filter(|i| *i < c.input[axis])
}

/// The output position along an axis at which a tap sees an entry.
fn sees(c: &Convolution, axis: usize, out: usize, entry: usize, tap: usize) -> Option<usize> {
    let at = (entry + c.padding[axis]).checked_sub(tap * c.dilation[axis])?;
    (at % c.stride[axis] == 0).then_some(at / c.stride[axis]).filter(|at| *at < out)
}

/// A table over taps and positions, of places along both axes.
fn table(
    kernel: [usize; 2],
    positions: [usize; 2],
    width: usize,
    place: impl Fn(usize, usize, usize) -> Option<usize>,
) -> Vec<u32> {
    let mut table = Vec::with_capacity(kernel[0] * kernel[1] * positions[0] * positions[1]);
    for tap in 0..kernel[0] * kernel[1] {
        let (a, b) = (tap / kernel[1], tap % kernel[1]);
        for i in 0..positions[0] {
            for j in 0..positions[1] {
                let found = place(0, i, a).zip(place(1, j, b));
                table.push(found.map_or(HOLE, |(y, x)| (y * width + x) as u32));
            }
        }
    }
    table
}

/// The input as the kernel sees it.
fn of_input(c: &Convolution, tables: &Tables) -> Result<Unfolding> {
    let out = output(c)?;
    let places = table(c.kernel, out, c.input[1], |axis, at, tap| seen(c, axis, at, tap));
    Unfolding::new(places, c.input[0] * c.input[1], c.kernel[0] * c.kernel[1], tables)
}

/// Batches in parts, one after the other, side by side again.
fn in_parts(samples: usize, at_once: usize, part: impl Fn(usize, usize) -> Result<Tensor>) -> Result<Tensor> {
    if at_once >= samples {
        return part(0, samples);
    }
    let parts = (0..samples).step_by(at_once).map(|from| part(from, at_once.min(samples - from)));
    Tensor::cat(&parts.collect::<Result<Vec<_>>>()?, 0)
}

/// Parts side by side; a single one as it is.
fn joined(parts: &[Tensor], dimension: usize) -> Result<Tensor> {
    if let [only] = parts { Ok(only.clone()) } else { Tensor::cat(parts, dimension) }
}

/// `w [m, k]` times every `x [n, k, p]`; the matrix is not copied for each.
fn times(w: &Tensor, x: &Tensor) -> Result<Tensor> {
    let n = x.dim(0)?;
    let w = w.contiguous()?;
    if n == 1 {
        return w.matmul(&x.squeeze(0)?)?.unsqueeze(0);
    }
    let (m, k) = w.dims2()?;
    w.unsqueeze(0)?.broadcast_as((n, m, k))?.matmul(x)
}

/// `(x [N,C,H,W], w [O,C/g,kh,kw]) → [N,O,oh,ow]`.
pub(in crate::tensors) struct Product {
    unfolding: Unfolding,
    groups: usize,
    channels: [usize; 2],
    samples: usize,
    out: [usize; 2],
}

impl Product {
    pub fn new(c: &Convolution, x: [usize; 4], w: [usize; 4], tables: &Tables) -> Result<Self> {
        let unfolding = of_input(c, tables)?;
        Ok(Product { unfolding, groups: c.groups, channels: [x[1], w[0]], samples: x[0], out: output(c)? })
    }

    pub fn apply(&self, x: &Tensor, w: &Tensor) -> Result<Tensor> {
        let [inner, outer] = self.channels.map(|c| c / self.groups);
        let rows = |g: usize| w.narrow(0, g * outer, outer)?.reshape((outer, inner * self.unfolding.taps));
        self.unfolding.times(x, self.groups, rows)?.reshape((self.samples, self.channels[1], self.out[0], self.out[1]))
    }

    pub fn scratch(&self) -> usize {
        let inner = self.channels[0] / self.groups;
        self.unfolding.at_once(self.samples, inner) * self.unfolding.entries(inner)
    }
}

/// `(gy [N,O,oh,ow], w) → [N,C,H,W]`.
pub(in crate::tensors) struct InputGradient {
    unfolding: Unfolding,
    groups: usize,
    channels: [usize; 2],
    samples: usize,
    input: [usize; 2],
}

impl InputGradient {
    pub fn new(c: &Convolution, gy: [usize; 4], w: [usize; 4], tables: &Tables) -> Result<Self> {
        let out = output(c)?;
        let places = table(c.kernel, c.input, out[1], |axis, at, tap| sees(c, axis, out[axis], at, tap));
        let unfolding = Unfolding::new(places, out[0] * out[1], c.kernel[0] * c.kernel[1], tables)?;
        let channels = [w[1] * c.groups, gy[1]];
        Ok(InputGradient { unfolding, groups: c.groups, channels, samples: gy[0], input: c.input })
    }

    pub fn apply(&self, gy: &Tensor, w: &Tensor) -> Result<Tensor> {
        let [inner, outer] = self.channels.map(|c| c / self.groups);
        let taps = self.unfolding.taps;
        let turned = |g: usize| {
            let w = w.narrow(0, g * outer, outer)?.reshape((outer, inner, taps))?;
            w.transpose(0, 1)?.reshape((inner, outer * taps))
        };
        self.unfolding.times(gy, self.groups, turned)?.reshape((
            self.samples,
            self.channels[0],
            self.input[0],
            self.input[1],
        ))
    }

    pub fn scratch(&self) -> usize {
        let outer = self.channels[1] / self.groups;
        self.unfolding.at_once(self.samples, outer) * self.unfolding.entries(outer)
    }
}

/// `(x, gy) → [O,C/g,kh,kw]`.
pub(in crate::tensors) struct WeightGradient {
    unfolding: Unfolding,
    groups: usize,
    channels: [usize; 2],
    samples: usize,
    kernel: [usize; 2],
}

impl WeightGradient {
    pub fn new(c: &Convolution, x: [usize; 4], gy: [usize; 4], tables: &Tables) -> Result<Self> {
        let unfolding = of_input(c, tables)?;
        Ok(WeightGradient { unfolding, groups: c.groups, channels: [x[1], gy[1]], samples: x[0], kernel: c.kernel })
    }

    /// Σ over samples and positions of gy·xᵀ: as one product over both, for which the samples are moved inwards, or, where a
    /// sample has more positions than there are rows to move, as one product for each and a sum.
    fn sum(&self, gy: &Tensor, unfolded: &Tensor) -> Result<Tensor> {
        let (n, rows, positions) = gy.dims3()?;
        let columns = unfolded.dim(1)?;
        if n == 1 {
            return gy.squeeze(0)?.matmul(&unfolded.squeeze(0)?.t()?);
        }
        if positions > rows && n * rows * columns <= ROOM {
            return gy.matmul(&unfolded.transpose(1, 2)?)?.sum(0);
        }
        let gy = gy.transpose(0, 1)?.reshape((rows, n * positions))?;
        let unfolded = unfolded.transpose(1, 2)?.reshape((n * positions, columns))?;
        gy.matmul(&unfolded)
    }

    pub fn apply(&self, x: &Tensor, gy: &Tensor) -> Result<Tensor> {
        let [inner, outer] = self.channels.map(|c| c / self.groups);
        let positions = self.unfolding.positions;
        let at_once = self.unfolding.at_once(self.samples, inner);
        let mut parts = Vec::new();
        for g in 0..self.groups {
            let mut sum: Option<Tensor> = None;
            for from in (0..self.samples).step_by(at_once) {
                let n = at_once.min(self.samples - from);
                let x = x.narrow(1, g * inner, inner)?.narrow(0, from, n)?;
                let gy = gy.narrow(1, g * outer, outer)?.narrow(0, from, n)?;
                let gy = gy.contiguous()?.reshape((n, outer, positions))?;
                let part = self.sum(&gy, &self.unfolding.apply(&x)?)?;
                sum = Some(match sum {
                    Some(sum) => sum.add(&part)?,
                    None => part,
                });
            }
            parts.push(sum.ok_or_else(|| candle_core::Error::Msg("no samples".into()))?);
        }
        joined(&parts, 0)?.reshape((self.channels[1], inner, self.kernel[0], self.kernel[1]))
    }

    pub fn scratch(&self) -> usize {
        let inner = self.channels[0] / self.groups;
        // Unfolded, and once more in another order.
        2 * self.unfolding.at_once(self.samples, inner) * self.unfolding.entries(inner)
    }
}
