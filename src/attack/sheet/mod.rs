//! A sheet of attacked samples as a PNG: original, perturbation, result, with true and predicted classes.
//!
//! One block of rows for each attack at its largest ε, one column for each of the first fooled samples (then standing ones,
//! where too few were fooled). A perturbation is drawn around grey, multiplied by the factor that its line states: 0.5/ε
//! under L∞, so that ±ε are white and black; otherwise 0.5 over the largest change on the sheet.
//!
//! Drawn with its own few dots of type: a sheet must look the same on every machine, and fonts do not.

mod canvas;
mod font;

use super::{AttackOptions, Evaluation, Tally};
use crate::data::Dataset;
use canvas::Canvas;
use hesse_core::attack::Norm;
use hesse_core::attack::driver::Verdict;

/// Columns.
const COLUMNS: usize = 10;
/// The side of a cell in picture elements, at least.
const CELL: usize = 84;
const GAP: usize = 8;
/// A line of type: five dots of two elements, with room.
const DOT: usize = 2;
const LINE: usize = font::HEIGHT * DOT + 6;

/// The sheet as the bytes of a PNG file; the attacked samples must have been kept. Nothing where there is no sample.
///
/// # Errors
/// Where the encoder refuses, which it does for no picture of sensible size.
pub fn sheet(
    options: &AttackOptions,
    found: &Evaluation,
    data: &Dataset,
) -> Result<Option<Vec<u8>>, png::EncodingError> {
    let blocks: Vec<(&String, &Tally)> =
        options.attacks.iter().zip(&found.attacks).filter_map(|(name, t)| Some((name, t.last()?))).collect();
    if found.samples() == 0 || blocks.is_empty() {
        return Ok(None);
    }
    let zoom = CELL.div_ceil(data.width.max(data.height).max(1)).max(1);
    let (cell_w, cell_h) = (data.width * zoom, data.height * zoom);
    let block = LINE + 3 * (cell_h + GAP) + 2 * LINE + GAP;
    let columns = COLUMNS.min(found.samples());
    let mut canvas = Canvas::new(GAP + columns * (cell_w + GAP), GAP + blocks.len() * block);
    for (b, (name, tally)) in blocks.iter().enumerate() {
        let top = GAP + b * block;
        let chosen = chosen(tally, columns);
        let factor = factor(options.norm, tally, &chosen, data);
        let title = format!("{name} {} eps={} change x{factor:.3}", options.norm, rounded(tally.epsilon));
        canvas.text(GAP, top, DOT, &title);
        for (column, &i) in chosen.iter().enumerate() {
            let left = GAP + column * (cell_w + GAP);
            let clean: Vec<f64> = data.image(i).iter().map(|v| f64::from(*v) / 255.0).collect();
            let d = clean.len();
            let attacked: Vec<f64> =
                tally.adversarial.get(i * d..(i + 1) * d).unwrap_or_default().iter().map(|v| f64::from(*v)).collect();
            let change: Vec<f64> = attacked.iter().zip(&clean).map(|(x, c)| 0.5 + factor * (x - c)).collect();
            for (row, picture) in [&clean, &change, &attacked].into_iter().enumerate() {
                let at = (left, top + LINE + row * (cell_h + GAP));
                canvas.picture(at, zoom, (data.channels, data.height, data.width), picture);
            }
            let sample = &tally.samples[i];
            let class = |k: Option<u32>| k.map_or("?".to_string(), |k| name_of(data, k, cell_w));
            let below = top + LINE + 3 * (cell_h + GAP);
            canvas.text(left, below, DOT, &format!("is {}", class(Some(sample.label))));
            let seen = if sample.verdict == Verdict::Fooled { "seen" } else { "still" };
            canvas.text(left, below + LINE, DOT, &format!("{seen} {}", class(sample.score.prediction)));
        }
    }
    canvas.png().map(Some)
}

fn rounded(v: f64) -> String {
    crate::report::significant(v, 4)
}

/// The name of a class if it fits beside `still`, else its number.
fn name_of(data: &Dataset, class: u32, width: usize) -> String {
    let room = (width / (font::ADVANCE * DOT)).saturating_sub("still ".len());
    let named = data.class_names.get(class as usize).filter(|n| !n.is_empty() && n.is_ascii() && n.len() <= room);
    named.cloned().unwrap_or_else(|| class.to_string())
}

/// Fooled samples first, then those that stand; misclassified ones never were attacked.
fn chosen(tally: &Tally, count: usize) -> Vec<usize> {
    let with =
        |verdict: Verdict| tally.samples.iter().enumerate().filter(move |(_, s)| s.verdict == verdict).map(|(i, _)| i);
    with(Verdict::Fooled).chain(with(Verdict::Robust)).take(count).collect()
}

/// What a change is multiplied with, so that the largest one is half the range of a pixel.
fn factor(norm: Norm, tally: &Tally, chosen: &[usize], data: &Dataset) -> f64 {
    let largest = match norm {
        Norm::Linf => tally.epsilon,
        _ => chosen.iter().fold(0.0, |most: f64, &i| {
            let d = data.sample_len();
            let attacked = tally.adversarial.get(i * d..(i + 1) * d).unwrap_or_default();
            attacked
                .iter()
                .zip(data.image(i))
                .fold(most, |most, (x, c)| most.max((f64::from(*x) - f64::from(*c) / 255.0).abs()))
        }),
    };
    if largest > 0.0 { 0.5 / largest } else { 1.0 }
}
