//! The legend: a row of samples and names above the data, so that it never covers any.

use super::canvas::{Anchor, Canvas, Ink, Rect};
use super::series::Series;
use super::{font, frame::TICK, paint};

const SAMPLE: f64 = 28.0;
const GAP: f64 = 18.0;
const ROW: f64 = TICK + 8.0;

/// Where each named series stands.
pub(super) struct Legend<'a> {
    places: Vec<(&'a Series, f64, usize, String)>,
    rows: usize,
}

impl<'a> Legend<'a> {
    /// Sets the names in rows of this width. A single series explains itself through the axes.
    pub fn new(series: &'a [Series], room: f64) -> Self {
        let named: Vec<&Series> = series.iter().filter(|s| !s.name.is_empty()).collect();
        let (mut x, mut row, mut places) = (0.0, 0, Vec::new());
        for s in named {
            let name = font::fitted(&s.name, TICK, room - SAMPLE - 6.0);
            let wide = SAMPLE + 6.0 + font::width(&name, TICK);
            if x > 0.0 && x + wide > room {
                (x, row) = (0.0, row + 1);
            }
            places.push((s, x, row, name));
            x += wide + GAP;
        }
        Legend { rows: if places.is_empty() { 0 } else { row + 1 }, places }
    }

    /// How much of the page it takes.
    pub fn height(&self) -> f64 {
        if self.rows == 0 { 0.0 } else { self.rows as f64 * ROW + 4.0 }
    }

    /// Draws it below y, from x on.
    pub fn draw(&self, canvas: &mut Canvas, x: f64, y: f64) {
        for (series, dx, row, name) in &self.places {
            let top = y + *row as f64 * ROW;
            let area = Rect { x: x + dx, y: top + 2.0, width: SAMPLE, height: TICK - 1.0 };
            paint::sample(canvas, area, series);
            canvas.text([x + dx + SAMPLE + 6.0, top + TICK], name, TICK, Anchor::Start, Ink::Text);
        }
    }
}
