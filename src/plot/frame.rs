//! The frame of a chart: margins that fit their labels, grid, marks, and the way from values to points.

use super::axis::Axis;
use super::canvas::{Anchor, Canvas, Ink, Rect, Stroke};
use super::font;
use super::scale::Domain;
use super::ticks::{Ticks, ticks};

/// Sizes of type.
pub(super) const TITLE: f64 = 15.0;
pub(super) const LABEL: f64 = 13.0;
pub(super) const TICK: f64 = 11.5;
pub(super) const NOTE: f64 = 11.0;

/// A place for data.
pub(super) struct Frame {
    /// Where data is drawn.
    pub plot: Rect,
    pub x: Domain,
    pub y: Domain,
    x_ticks: Ticks,
    y_ticks: Ticks,
    labels: [String; 2],
    /// Rows that the labels of x take turns in.
    rows: usize,
}

/// Space between two labels of x.
const GAP: f64 = 6.0;
/// From one row of labels to the next.
const ROW: f64 = TICK + 4.0;

impl Frame {
    /// Lays out a frame within `room`: labels and marks outside, the rest for data.
    pub fn new(room: Rect, axes: [&Axis; 2], x: Domain, y: Domain) -> Self {
        let [x_axis, y_axis] = axes;
        let given = |axis: &Axis, domain: &Domain, wanted: usize| match &axis.marks {
            Some(marks) => {
                Ticks { major: marks.iter().filter(|m| domain.shows(m.0)).cloned().collect(), ..Ticks::default() }
            }
            None => ticks(domain, wanted),
        };
        let y_ticks = given(y_axis, &y, ((room.height - 60.0) / 42.0) as usize);
        let widest = y_ticks.major.iter().map(|t| font::width(&t.1, TICK)).fold(0.0, f64::max);
        let left = 10.0 + if y_axis.label.is_empty() { 0.0 } else { LABEL + 8.0 } + widest + 9.0;
        let wanted = ((room.width - left) / 78.0) as usize;
        let x_ticks = given(x_axis, &x, wanted);
        let last = x_ticks.major.last().map_or(0.0, |t| font::width(&t.1, TICK) / 2.0);
        let right = (last + 2.0).max(12.0);
        let factor = !x_ticks.factor.is_empty() && x_axis.label.is_empty();
        let width = (room.width - left - right).max(20.0);
        let rows = if x_ticks.major.iter().any(|t| t.1.contains(char::is_alphabetic)) && touch(&x_ticks, &x, width) {
            2
        } else {
            1
        };
        let bottom = TICK
            + 12.0
            + (rows - 1) as f64 * ROW
            + if x_axis.label.is_empty() && !factor { 0.0 } else { LABEL + 8.0 }
            + 6.0;
        let top = if y_ticks.factor.is_empty() { 6.0 } else { TICK + 8.0 };
        let plot = Rect { x: room.x + left, y: room.y + top, width, height: (room.height - top - bottom).max(20.0) };
        Frame { plot, x, y, x_ticks, y_ticks, labels: [x_axis.label.clone(), y_axis.label.clone()], rows }
    }

    /// The point for two values; none where one of them has no place.
    pub fn at(&self, x: f64, y: f64) -> Option<[f64; 2]> {
        Some([self.column(x)?, self.row(y)?])
    }

    pub fn column(&self, x: f64) -> Option<f64> {
        self.x.place(x).map(|p| self.plot.x + p * self.plot.width)
    }

    pub fn row(&self, y: f64) -> Option<f64> {
        self.y.place(y).map(|p| self.plot.bottom() - p * self.plot.height)
    }

    /// Lines behind the data.
    pub fn grid(&self, canvas: &mut Canvas) {
        let Rect { x, y, .. } = self.plot;
        let stroke = Stroke::new(Ink::Grid, 1.0);
        for (value, _) in &self.x_ticks.major {
            if let Some(at) = self.column(*value) {
                canvas.line(vec![[at, y], [at, self.plot.bottom()]], stroke, None);
            }
        }
        for (value, _) in &self.y_ticks.major {
            if let Some(at) = self.row(*value) {
                canvas.line(vec![[x, at], [self.plot.right(), at]], stroke, None);
            }
        }
    }

    /// The frame itself with marks and labels, over the data.
    pub fn draw(&self, canvas: &mut Canvas) {
        let plot = self.plot;
        let stroke = Stroke::new(Ink::Axis, 1.0);
        canvas.rect(plot, None, Some(stroke));
        self.draw_x(canvas, stroke);
        self.draw_y(canvas, stroke);
    }

    fn draw_x(&self, canvas: &mut Canvas, stroke: Stroke) {
        let plot = self.plot;
        for value in &self.x_ticks.minor {
            if let Some(at) = self.column(*value).filter(|_| self.x.shows(*value)) {
                canvas.line(vec![[at, plot.bottom()], [at, plot.bottom() + 2.5]], stroke, None);
            }
        }
        let mut free = [f64::NEG_INFINITY; 2];
        for (i, (value, label)) in self.x_ticks.major.iter().enumerate() {
            let Some(at) = self.column(*value) else { continue };
            canvas.line(vec![[at, plot.bottom()], [at, plot.bottom() + 5.0]], stroke, None);
            // Labels that would touch the one before in their row are left out.
            let (half, row) = (font::width(label, TICK) / 2.0, i % self.rows);
            if at - half >= free[row] {
                let below = plot.bottom() + 7.0 + TICK + row as f64 * ROW;
                canvas.text([at, below], label, TICK, Anchor::Middle, Ink::Muted);
                free[row] = at + half + GAP;
            }
        }
        let mut label = self.labels[0].clone();
        if !self.x_ticks.factor.is_empty() {
            let factor = format!("({})", self.x_ticks.factor);
            label = if label.is_empty() { factor } else { format!("{label}  {factor}") };
        }
        if !label.is_empty() {
            let label = font::fitted(&label, LABEL, plot.width + 12.0);
            let at = [plot.x + plot.width / 2.0, plot.bottom() + TICK + (self.rows - 1) as f64 * ROW + 14.0 + LABEL];
            canvas.text(at, label, LABEL, Anchor::Middle, Ink::Text);
        }
    }

    fn draw_y(&self, canvas: &mut Canvas, stroke: Stroke) {
        let plot = self.plot;
        for value in &self.y_ticks.minor {
            if let Some(at) = self.row(*value).filter(|_| self.y.shows(*value)) {
                canvas.line(vec![[plot.x - 2.5, at], [plot.x, at]], stroke, None);
            }
        }
        let mut free = f64::INFINITY;
        let mut widest: f64 = 0.0;
        for (value, label) in &self.y_ticks.major {
            let Some(at) = self.row(*value) else { continue };
            canvas.line(vec![[plot.x - 5.0, at], [plot.x, at]], stroke, None);
            if at + TICK / 2.0 <= free {
                canvas.text([plot.x - 8.0, at + TICK * 0.36], label, TICK, Anchor::End, Ink::Muted);
                widest = widest.max(font::width(label, TICK));
                free = at - TICK / 2.0 - 2.0;
            }
        }
        if !self.y_ticks.factor.is_empty() {
            canvas.text([plot.x, plot.y - 5.0], &self.y_ticks.factor, TICK, Anchor::Start, Ink::Muted);
        }
        if !self.labels[1].is_empty() {
            let label = font::fitted(&self.labels[1], LABEL, plot.height + 16.0);
            let at = [plot.x - widest - 17.0, plot.y + plot.height / 2.0];
            canvas.upright(at, label, LABEL, Anchor::Middle, Ink::Text);
        }
    }
}

/// Whether labels along an axis of this length would touch: names, unlike numbers, cannot be guessed from their neighbours.
fn touch(ticks: &Ticks, domain: &Domain, length: f64) -> bool {
    let mut free = f64::NEG_INFINITY;
    ticks
        .major
        .iter()
        .filter_map(|(value, label)| Some((domain.place(*value)? * length, font::width(label, TICK) / 2.0)))
        .any(|(at, half)| {
            let touches = at - half < free;
            free = at + half + GAP;
            touches
        })
}
