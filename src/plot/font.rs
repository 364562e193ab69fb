//! The embedded font: how wide a text is, and the outlines of its letters.
//!
//! DejaVu Sans, because it has Greek, subscripts and mathematical signs; reduced to what labels need (42 kB). An SVG
//! names it first and leaves the letters to the viewer; the widths here are on the safe side of the usual fallbacks.

use std::sync::OnceLock;
use ttf_parser::{Face, GlyphId, OutlineBuilder};

static BYTES: &[u8] = include_bytes!("font/DejaVuSans-subset.ttf");

fn face() -> Option<&'static Face<'static>> {
    static FACE: OnceLock<Option<Face<'static>>> = OnceLock::new();
    FACE.get_or_init(|| Face::parse(BYTES, 0).ok()).as_ref()
}

/// The glyph of a letter; that of a missing one where the font does not have it.
fn glyph(face: &Face<'_>, letter: char) -> GlyphId {
    face.glyph_index(letter).unwrap_or(GlyphId(0))
}

/// How far each letter moves the pen, at a type size of 1.
fn advance(letter: char) -> f64 {
    // The font is part of the program; a test parses it.
    face().map_or(0.6, |face| {
        f64::from(face.glyph_hor_advance(glyph(face, letter)).unwrap_or(0)) / f64::from(face.units_per_em())
    })
}

/// The width of a line of text.
pub(super) fn width(text: &str, size: f64) -> f64 {
    text.chars().map(advance).sum::<f64>() * size
}

/// The text, or as much of it as fits with an ellipsis.
pub(super) fn fitted(text: &str, size: f64, room: f64) -> String {
    if width(text, size) <= room {
        return text.to_string();
    }
    let mut kept: Vec<char> = text.chars().collect();
    while !kept.is_empty() && width(&kept.iter().collect::<String>(), size) + width("…", size) > room {
        kept.pop();
    }
    format!("{}…", kept.iter().collect::<String>().trim_end())
}

/// The text in lines that fit, broken at blanks; a longer word is cut.
pub(super) fn wrapped(text: &str, size: f64, room: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if width(line, size) + width(" ", size) + width(word, size) <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(fitted(word, size, room)),
        }
    }
    lines
}

/// Draws the outlines of a text with the pen at the origin, y downwards.
pub(super) fn outline(text: &str, size: f64, path: &mut tiny_skia::PathBuilder) {
    let Some(face) = face() else { return };
    let mut pen = Pen { path, scale: size / f64::from(face.units_per_em()), x: 0.0 };
    for letter in text.chars() {
        face.outline_glyph(glyph(face, letter), &mut pen);
        pen.x += advance(letter) * size;
    }
}

struct Pen<'a> {
    path: &'a mut tiny_skia::PathBuilder,
    scale: f64,
    x: f64,
}

impl Pen<'_> {
    fn at(&self, x: f32, y: f32) -> (f32, f32) {
        ((self.x + f64::from(x) * self.scale) as f32, (-f64::from(y) * self.scale) as f32)
    }
}

impl OutlineBuilder for Pen<'_> {
    fn move_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.move_to(x, y);
    }
    fn line_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.line_to(x, y);
    }
    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let ((x1, y1), (x, y)) = (self.at(x1, y1), self.at(x, y));
        self.path.quad_to(x1, y1, x, y);
    }
    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let ((x1, y1), (x2, y2), (x, y)) = (self.at(x1, y1), self.at(x2, y2), self.at(x, y));
        self.path.cubic_to(x1, y1, x2, y2, x, y);
    }
    fn close(&mut self) {
        self.path.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_font_has_every_sign_that_labels_use() {
        let face = face().unwrap();
        for letter in "aZ09 λ₁θεη∇‖×⁻¹²³⁴⁵⁶⁷⁸⁹⁰₀₂₃₉∞−±·…√≤≥Σσ²αβ⟨⟩ᵀµ–—½∂∝≈→".chars()
        {
            assert!(face.glyph_index(letter).is_some(), "{letter}");
        }
    }

    #[test]
    fn texts_are_cut_and_broken_to_fit() {
        assert_eq!(fitted("short", 10.0, 200.0), "short");
        let cut = fitted("a rather long label", 10.0, 50.0);
        assert!(cut.ends_with('…') && width(&cut, 10.0) <= 50.0, "{cut}");
        let lines = wrapped("one two three four five six", 10.0, 60.0);
        assert!(lines.len() > 1 && lines.iter().all(|l| width(l, 10.0) <= 60.0), "{lines:?}");
        assert_eq!(lines.join(" "), "one two three four five six");
    }
}
