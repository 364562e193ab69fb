//! A chart: series over two axes, with title, legend and a note.

use super::axis::Axis;
use super::canvas::{Anchor, Canvas, Ink, Rect};
use super::frame::{Frame, LABEL, NOTE, TITLE};
use super::legend::Legend;
use super::scale::Domain;
use super::series::Series;
use super::{font, paint};
use serde::{Deserialize, Serialize};

/// Series over two axes.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Chart {
    /// Above; may be empty.
    pub title: String,
    /// To the right.
    pub x: Axis,
    /// Upwards.
    pub y: Axis,
    /// In painting order.
    pub series: Vec<Series>,
    /// Below, small; may be empty.
    pub note: String,
}

/// Space around everything.
pub(super) const EDGE: f64 = 8.0;

impl Chart {
    /// Draws the chart on a page of this size.
    pub fn draw(&self, width: f64, height: f64) -> Canvas {
        let described = [self.title.as_str(), &format!("{} against {}", self.y.label, self.x.label)].join(": ");
        let mut canvas = Canvas::new(width, height, described.trim_start_matches(": "));
        let inner = width - 2.0 * EDGE;
        let mut top = heading(&mut canvas, &self.title, inner);
        let legend = Legend::new(&self.series, inner - 30.0);
        legend.draw(&mut canvas, EDGE + 24.0, top);
        top += legend.height();
        let bottom = footing(&mut canvas, &self.note, inner);

        let values = |pick: fn(&Series) -> Vec<f64>| self.series.iter().flat_map(pick);
        let x = Domain::of(values(Series::xs), self.x.scale, self.x.range, 0.03);
        let y = Domain::of(values(Series::ys), self.y.scale, self.y.range, 0.05);
        // Bars stand on the axis.
        let y = if self.y.range.is_none() && y.low < 0.0 && values(Series::ys).all(|v| v >= 0.0 || v.is_nan()) {
            y.with_low(0.0)
        } else {
            y
        };
        let room = Rect { x: EDGE, y: top, width: inner, height: bottom - top };
        let frame = Frame::new(room, [&self.x, &self.y], x, y);
        frame.grid(&mut canvas);
        self.series.iter().for_each(|s| paint::series(&mut canvas, &frame, s));
        frame.draw(&mut canvas);
        let placed = |s: &Series| s.ys().iter().any(|v| y.place(*v).is_some());
        if !self.series.iter().any(placed) {
            let middle = [frame.plot.x + frame.plot.width / 2.0, frame.plot.y + frame.plot.height / 2.0];
            canvas.text(middle, "no data", LABEL, Anchor::Middle, Ink::Muted);
        }
        canvas
    }
}

/// Draws a title; returns where the rest begins.
pub(super) fn heading(canvas: &mut Canvas, title: &str, room: f64) -> f64 {
    let mut y = EDGE;
    for line in font::wrapped(title, TITLE, room - 16.0) {
        canvas.text([EDGE + 8.0, y + TITLE], line, TITLE, Anchor::Start, Ink::Text);
        y += TITLE + 6.0;
    }
    if y > EDGE { y + 4.0 } else { y }
}

/// Draws a note at the foot; returns where the rest ends.
pub(super) fn footing(canvas: &mut Canvas, note: &str, room: f64) -> f64 {
    let lines = font::wrapped(note, NOTE, room - 16.0);
    let top = canvas.height - EDGE / 2.0 - lines.len() as f64 * (NOTE + 4.0);
    for (i, line) in lines.iter().enumerate() {
        let y = top + i as f64 * (NOTE + 4.0) + NOTE;
        canvas.text([EDGE + 8.0, y], line, NOTE, Anchor::Start, Ink::Muted);
    }
    top
}
