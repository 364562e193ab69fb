//! The convolution itself.

use super::super::Real;
use super::super::disjoint::Disjoint;
use super::super::error::Result;
use super::filter::{self, Filter};
use super::reading::Reading;
use super::shape::ConvShape;

/// `(x [N,C,H,W], w [O,C/g,kh,kw]) → y [N,O,oh,ow]`, added to y where `accumulate`.
///
/// Work: [`ConvShape::flops`]; memory: packed weights, and one block of pictures per thread, both kept for the next call.
///
/// # Errors
/// Where the shape contradicts itself or a slice has another length.
pub fn conv2d<T: Real>(shape: &ConvShape, x: &[T], w: &[T], y: &mut [T], accumulate: bool) -> Result {
    shape.check("convolution", x.len(), w.len(), y.len())?;
    let s = shape.flattened();
    let [oh, ow] = s.output();
    let (taps, inputs, outputs) = (s.taps(), s.group_inputs(), s.group_outputs());
    let filter = Filter {
        batch: s.batch,
        groups: s.groups,
        inputs,
        outputs,
        reading: forward_reading(&s),
        plane: oh * ow,
        origin: 0,
        row: ow,
        column: 1,
        add: accumulate,
    };
    let position = |[g, m, c, t]: [usize; 4]| ((g * outputs + m) * inputs + c) * taps + t;
    filter::run(&filter, x, w, position, &Disjoint::new(y));
    Ok(())
}

/// How output pixels read the input, tap by tap in the order of the weights.
pub(super) fn forward_reading(s: &ConvShape) -> Reading {
    let shift = |axis: usize, k: usize| (k * s.dilation[axis]) as isize - s.padding[axis] as isize;
    let shifts = (0..s.taps()).map(|t| [shift(0, t / s.kernel[1]), shift(1, t % s.kernel[1])]).collect();
    Reading { source: s.input, stride: s.stride, shifts, target: s.output() }
}
