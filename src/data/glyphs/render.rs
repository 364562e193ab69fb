//! One sample: a digit's shape, a hand, a page.
//!
//! The ranges below set the difficulty. Trained for ten epochs on the default set, LeNet-5 errs on 1.5 to 2 of a hundred
//! test pictures; the three nearest neighbours, which know nothing of pictures, err on 17. With fewer errors accuracy
//! would say nothing; with many more, the loss would be about pictures that no one can read.

use super::curve::{Point, trace};
use super::pen::Pen;
use super::{SIDE, shapes};
use hesse_core::random::Stream;

/// Draws a sample of `digit`, as the numbers of `stream` have it, into SIDE × SIDE bytes.
pub fn sample(digit: usize, noise: f64, stream: &mut Stream, pixels: &mut [u8]) {
    let mut canvas = [0.0; SIDE * SIDE];
    let ways = shapes::of(digit);
    let shape = ways.get(stream.below(ways.len() as u64) as usize).copied().unwrap_or_default();
    let hand = Hand::new(stream);
    let pen =
        Pen { radius: within(stream, 0.55, 1.7), softness: within(stream, 0.8, 1.8), ink: within(stream, 0.6, 1.0) };
    let wobble = within(stream, 0.03, 0.13);
    for (path, points) in shape {
        let points: Vec<Point> =
            points.iter().map(|point| point.map(|place| place + within(stream, -wobble, wobble))).collect();
        let line: Vec<Point> = trace(*path, &points).into_iter().map(|point| hand.place(point)).collect();
        pen.draw(&line, &mut canvas);
    }
    stray(stream, &mut canvas);
    let paper = within(stream, 0.0, 0.2);
    for (pixel, ink) in pixels.iter_mut().zip(canvas) {
        let value = paper + (1.0 - paper) * ink + noise * bell(stream);
        // Rounded to the nearest; the conversion saturates at 0 and 255.
        *pixel = (255.0 * value + 0.5).floor() as u8;
    }
}

/// How a hand turns, stretches, slants, bends and places a shape.
struct Hand {
    rows: [[f64; 2]; 2],
    bend: [f64; 2],
    centre: Point,
}

impl Hand {
    fn new(stream: &mut Stream) -> Self {
        // The tangent of half the angle gives sine and cosine by exact operations; ±0.18 is ±20 degrees.
        let half = within(stream, -0.18, 0.18);
        let (cos, sin) = ((1.0 - half * half) / (1.0 + half * half), 2.0 * half / (1.0 + half * half));
        let (across, down) = (within(stream, 5.0, 10.5), within(stream, 6.5, 10.0));
        let slant = within(stream, -0.35, 0.35);
        let rows = [[cos * across, (cos * slant - sin) * down], [sin * across, (sin * slant + cos) * down]];
        let bend = [within(stream, -0.15, 0.15), within(stream, -0.15, 0.15)];
        let middle = (SIDE as f64 - 1.0) / 2.0;
        let centre = [middle + within(stream, -3.0, 3.0), middle + within(stream, -2.5, 2.5)];
        Self { rows, bend, centre }
    }

    /// Where a point of the frame comes to lie, in pixels.
    fn place(&self, [x, y]: Point) -> Point {
        let bent = [x + self.bend[0] * y * y, y + self.bend[1] * x * x];
        [0, 1].map(|axis| self.centre[axis] + self.rows[axis][0] * bent[0] + self.rows[axis][1] * bent[1])
    }
}

/// Up to two thin, short strokes that belong to nothing: the page was not clean.
fn stray(stream: &mut Stream, canvas: &mut [f64]) {
    for _ in 0..stream.below(3) {
        let start: Point = [0, 1].map(|_| within(stream, 0.0, SIDE as f64));
        let end = start.map(|place| place + within(stream, -7.0, 7.0));
        let pen = Pen { radius: within(stream, 0.3, 0.9), softness: 1.0, ink: within(stream, 0.3, 0.9) };
        pen.draw(&[start, end], canvas);
    }
}

/// Uniform from `low` to `high`.
fn within(stream: &mut Stream, low: f64, high: f64) -> f64 {
    low + (high - low) * stream.uniform()
}

/// Mean zero, variance one, close to normal: twice the sum of three uniforms, each of variance 1/12.
/// The three come from one draw, since there are 784 of these in a picture and drawing is what takes time.
fn bell(stream: &mut Stream) -> f64 {
    let (bits, field) = (stream.bits(), (1u64 << 21) - 1);
    let sum = (bits & field) + (bits >> 21 & field) + (bits >> 42 & field);
    2.0 * (sum as f64 / field as f64 - 1.5)
}
