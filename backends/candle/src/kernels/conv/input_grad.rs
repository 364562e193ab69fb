//! The adjoint of the convolution in its input.
//!
//! Each input pixel gathers from the outputs that read it: no two tasks write the same pixel, and no zeros are multiplied.
//! With a stride, input pixels of one phase (position modulo stride) are read by the same taps, so each phase is a filter
//! of its own over the output gradient. Where a kernel meets no padding, as many of its taps read beyond the border of the
//! output as the map is small, and [`super::scatter`] takes over.

use super::super::Real;
use super::super::disjoint::Disjoint;
use super::super::error::Result;
use super::filter::{self, Filter};
use super::reading::Reading;
use super::scatter;
use super::shape::ConvShape;
use rayon::prelude::*;

/// `(gy [N,O,oh,ow], w [O,C/g,kh,kw]) → gx [N,C,H,W]`, added to gx where `accumulate`.
///
/// Work: [`ConvShape::flops`]; memory as for the forward convolution.
///
/// # Errors
/// Where the shape contradicts itself or a slice has another length.
pub fn conv2d_input_grad<T: Real>(shape: &ConvShape, gy: &[T], w: &[T], gx: &mut [T], accumulate: bool) -> Result {
    shape.check("input gradient of a convolution", gx.len(), w.len(), gy.len())?;
    let s = shape.flattened();
    let [height, width] = s.input;
    // Where the stride is larger than the kernel reaches, some pixels are read by no output.
    let unread = |axis: usize| (0..s.stride[axis]).any(|start| reaching(&s, axis, start).is_empty());
    let sparse = unread(0) || unread(1);
    if sparse && !accumulate {
        gx.par_chunks_mut(1 << 14).for_each(|part| part.fill(T::ZERO));
    }
    let gx = Disjoint::new(gx);
    if scatter::suits(&s) {
        scatter::run(&s, gy, w, &gx, accumulate);
        return Ok(());
    }
    // Inputs and outputs change places.
    let (taps, inputs, outputs) = (s.taps(), s.group_outputs(), s.group_inputs());
    for y in 0..s.stride[0].min(height) {
        for x in 0..s.stride[1].min(width) {
            let vertical = reaching(&s, 0, y);
            let horizontal = reaching(&s, 1, x);
            let pairs = || vertical.iter().flat_map(|v| horizontal.iter().map(move |h| (v, h)));
            if sparse && (vertical.is_empty() || horizontal.is_empty()) {
                continue;
            }
            let order: Vec<usize> = pairs().map(|(v, h)| v.0 * s.kernel[1] + h.0).collect();
            let reading = Reading {
                source: s.output(),
                stride: [1, 1],
                shifts: pairs().map(|(v, h)| [v.1, h.1]).collect(),
                target: [(height - y).div_ceil(s.stride[0]), (width - x).div_ceil(s.stride[1])],
            };
            let filter = Filter {
                batch: s.batch,
                groups: s.groups,
                inputs,
                outputs,
                reading,
                plane: height * width,
                origin: y * width + x,
                row: s.stride[0] * width,
                column: s.stride[1],
                add: accumulate,
            };
            let position = |[g, m, c, t]: [usize; 4]| ((g * inputs + c) * outputs + m) * taps + order[t];
            filter::run(&filter, gy, w, position, &gx);
        }
    }
    Ok(())
}

/// The taps along one axis that reach input position `start + q·stride`, each with the output position for q = 0:
/// output o reads position o·stride + k·dilation − padding.
fn reaching(s: &ConvShape, axis: usize, start: usize) -> Vec<(usize, isize)> {
    let step = s.stride[axis] as isize;
    (0..s.kernel[axis])
        .map(|k| (k, (start + s.padding[axis]) as isize - (k * s.dilation[axis]) as isize))
        .filter(|(_, distance)| distance.rem_euclid(step) == 0)
        .map(|(k, distance)| (k, distance.div_euclid(step)))
        .collect()
}
