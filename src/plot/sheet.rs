//! A sheet of small pictures: one row for each sample, one column for each version of it.

use super::canvas::{Anchor, Canvas, Ink, Pixels, Rect, Shape, Stroke};
use super::chart::{EDGE, heading};
use super::font;
use super::frame::{LABEL, NOTE, TICK};
use serde::{Deserialize, Serialize};

/// A small picture of pixels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// Pixels in a row.
    pub columns: usize,
    /// Red, green and blue, row by row.
    pub rgb: Vec<u8>,
}

impl Image {
    /// From channels of bytes, one plane after the other, as data sets store them: one plane is grey, three are red,
    /// green and blue. Of other counts the first plane is shown.
    pub fn planes(bytes: &[u8], channels: usize, rows: usize, columns: usize) -> Self {
        let size = rows * columns;
        let value = |plane: usize, i: usize| bytes.get(plane * size + i).copied().unwrap_or(0);
        let pick = |i: usize| if channels == 3 { [0, 1, 2].map(|c| value(c, i)) } else { [value(0, i); 3] };
        Image { columns, rgb: (0..size).flat_map(pick).collect() }
    }

    /// A change of pixels around a middle grey, multiplied by `gain`: what is lighter was raised.
    pub fn difference(values: &[f64], channels: usize, rows: usize, columns: usize, gain: f64) -> Self {
        let bytes: Vec<u8> =
            values.iter().map(|v| (127.5 + 127.5 * (v * gain).clamp(-1.0, 1.0)).round() as u8).collect();
        Image::planes(&bytes, channels, rows, columns)
    }
}

/// A picture with a line below.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tile {
    /// The picture; a blank place without one.
    pub image: Option<Image>,
    /// What it is taken for, say.
    pub caption: String,
}

/// A sheet of small pictures.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Sheet {
    /// Above; may be empty.
    pub title: String,
    /// Over each column.
    pub columns: Vec<String>,
    /// A label and its tiles, row by row.
    pub rows: Vec<(String, Vec<Tile>)>,
    /// Below, small; may be empty.
    pub note: String,
}

/// Side of a tile.
const SIDE: f64 = 92.0;
const GAP: f64 = 14.0;

impl Sheet {
    /// Draws the sheet on a page as large as it needs.
    pub fn draw(&self) -> Canvas {
        let count = self.rows.iter().map(|r| r.1.len()).chain([self.columns.len()]).max().unwrap_or(0).max(1);
        let labels = self.rows.iter().map(|r| font::width(&r.0, TICK)).fold(0.0, f64::max).min(160.0);
        let left = EDGE + 8.0 + if labels > 0.0 { labels + 12.0 } else { 0.0 };
        let width = (left + count as f64 * (SIDE + GAP) + EDGE).max(260.0);
        let inner = width - 2.0 * EDGE;

        let mut canvas = Canvas::new(width, 0.0, self.title.clone());
        let mut y = heading(&mut canvas, &self.title, inner);
        let named = self.columns.iter().any(|c| !c.is_empty());
        if named {
            for (i, name) in self.columns.iter().enumerate() {
                let middle = left + i as f64 * (SIDE + GAP) + SIDE / 2.0;
                let name = font::fitted(name, LABEL - 1.0, SIDE + GAP - 4.0);
                canvas.text([middle, y + LABEL], name, LABEL - 1.0, Anchor::Middle, Ink::Text);
            }
            y += LABEL + 8.0;
        }
        for (label, tiles) in &self.rows {
            let label = font::fitted(label, TICK, labels + 1.0);
            canvas.text([EDGE + 8.0, y + SIDE / 2.0 + TICK * 0.36], label, TICK, Anchor::Start, Ink::Muted);
            for (i, tile) in tiles.iter().enumerate() {
                let area = Rect { x: left + i as f64 * (SIDE + GAP), y, width: SIDE, height: SIDE };
                if let Some(Image { columns, rgb }) = &tile.image {
                    canvas.shapes.push(Shape::Pixels(Pixels { area, columns: *columns, rgb: rgb.clone() }));
                }
                canvas.rect(area, None, Some(Stroke::new(Ink::Axis, 0.8)));
                let caption = font::fitted(&tile.caption, NOTE, SIDE + GAP - 3.0);
                let at = [area.x + SIDE / 2.0, area.bottom() + NOTE + 3.0];
                canvas.text(at, caption, NOTE, Anchor::Middle, Ink::Muted);
            }
            y += SIDE + NOTE + 16.0;
        }
        if self.rows.is_empty() {
            canvas.text([width / 2.0, y + LABEL + 10.0], "no data", LABEL, Anchor::Middle, Ink::Muted);
            y += LABEL + 30.0;
        }
        for line in font::wrapped(&self.note, NOTE, inner - 16.0) {
            canvas.text([EDGE + 8.0, y + NOTE], line, NOTE, Anchor::Start, Ink::Muted);
            y += NOTE + 4.0;
        }
        canvas.height = y + EDGE;
        canvas
    }
}
