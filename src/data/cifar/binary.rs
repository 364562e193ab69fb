//! The binary layout: records of one label byte (CIFAR-10) or a coarse and a fine one (CIFAR-100), then 3,072 pixels
//! as red, green and blue planes. There is no header, so the only proof of the layout is that everything fits.

use super::super::error::Flaw;
use super::super::file::describe;
use super::{Batch, PIXELS, Variant};

/// The classes each label byte may name, in the order of the bytes.
fn label_bytes(variant: Variant) -> &'static [(&'static str, u8)] {
    match variant {
        Variant::Ten => &[("label", 10)],
        Variant::Hundred => &[("coarse label", 20), ("fine label", 100)],
    }
}

/// Splits records into pixels and labels.
pub fn parse(bytes: &[u8], variant: Variant) -> Result<Batch, Flaw> {
    let kinds = label_bytes(variant);
    let record = kinds.len() + PIXELS;
    let whole = bytes.len() / record;
    if whole == 0 {
        return Err(Flaw::new(0, format!("records of {record} bytes"), describe(bytes)));
    }
    let mut batch = Batch { images: Vec::with_capacity(whole * PIXELS), labels: Vec::with_capacity(whole) };
    for (index, chunk) in bytes.chunks_exact(record).enumerate() {
        let (labels, pixels) = chunk.split_at(kinds.len());
        for (at, (&label, &(kind, classes))) in labels.iter().zip(kinds).enumerate() {
            if label >= classes {
                return Err(mislabelled(bytes, index * record + at, kind, classes, label, index));
            }
        }
        batch.images.extend_from_slice(pixels);
        batch.labels.extend(labels.last().map(|&label| u32::from(label)));
    }
    let rest = bytes.len() - whole * record;
    if rest > 0 {
        let found = format!("{rest} bytes (the file is cut off, or of another layout)");
        return Err(Flaw::new(whole * record, format!("record {whole} of {record} bytes"), found));
    }
    Ok(batch)
}

fn mislabelled(bytes: &[u8], at: usize, kind: &str, classes: u8, label: u8, sample: usize) -> Flaw {
    // A wrong first label mostly means a wrong file, and then its kind says more than the number.
    let hint = if sample == 0 { format!("; the whole is {}", describe(bytes)) } else { String::new() };
    Flaw::new(at, format!("a {kind} below {classes}"), format!("{kind} {label} (of sample {sample}){hint}"))
}
