//! Digit shapes drawn in the program, so that everything can be tried, tested and taught without a download.
//!
//! A sample is a pen stroke figure of a digit, wobbled, thrown through a random affine map and a bend, drawn with a
//! random pen, crossed by stray strokes and covered with noise. Each depends on (seed, split, index) alone: asking for
//! more samples, or on more threads, leaves the others as they are. Ten consecutive samples hold every digit once, so
//! any multiple of ten is balanced.
//!
//! Decided against: shipping a font or pictures (licences, and nothing varies); elastic distortion fields (slower, and
//! they differ in the last bit between mathematical libraries). Only operations that IEEE 754 rounds exactly are used
//! (`+ − × ÷ √`), so the pixels, and with them the hash of the data, are the same on every machine.

mod curve;
mod options;
mod pen;
mod render;
mod shapes;

pub use options::GlyphOptions;

use super::{Dataset, Split};
use hesse_core::random::{Purpose, Stream};
use rayon::prelude::*;

/// Rows and columns of a glyph.
const SIDE: usize = 28;
const CLASSES: usize = 10;

/// Marks the streams of the test split.
const TEST: u64 = 1 << 63;
/// Marks the streams that order the digits within a block of ten.
const ORDER: u64 = 1 << 62;

/// Generates a split; about 25,000 samples a second on each core.
pub fn generate(options: &GlyphOptions, split: Split) -> Dataset {
    let count = match split {
        Split::Train => options.train,
        Split::Test => options.test,
    };
    let part = if split == Split::Test { TEST } else { 0 };
    let labels: Vec<u32> = (0..count.div_ceil(CLASSES) as u64)
        .flat_map(|block| Stream::new(options.seed, Purpose::Data, part | ORDER | block).permutation(CLASSES))
        .map(|digit| digit as u32)
        .take(count)
        .collect();
    let mut images = vec![0; count * SIDE * SIDE];
    images.par_chunks_exact_mut(SIDE * SIDE).zip(&labels).enumerate().for_each(|(index, (pixels, &digit))| {
        let mut stream = Stream::new(options.seed, Purpose::Data, part | index as u64);
        render::sample(digit as usize, options.noise, &mut stream, pixels);
    });
    Dataset {
        name: "glyphs".into(),
        split,
        channels: 1,
        height: SIDE,
        width: SIDE,
        classes: CLASSES,
        images,
        labels,
        notices: Vec::new(),
        class_names: (0..CLASSES).map(|digit| digit.to_string()).collect(),
    }
}

#[cfg(test)]
mod tests;
