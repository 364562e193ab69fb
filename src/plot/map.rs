//! A quantity over a plane: filled contours or cells, with a colour bar.

use super::axis::Axis;
use super::canvas::{Anchor, Canvas, Dash, Ink, Paint, Path, Pixels, Rect, Shape, Stroke};
use super::chart::{EDGE, footing, heading};
use super::colors::viridis;
use super::contour::Heights;
use super::font;
use super::frame::{Frame, LABEL, TICK};
use super::scale::{Domain, Scale};
use super::stored::numbers;
use super::ticks::ticks;
use serde::{Deserialize, Serialize};

/// How the quantity is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Filling {
    /// Areas between lines of equal value.
    #[default]
    Contours,
    /// One coloured cell for each grid point.
    Cells,
}

/// A second quantity on the same grid, drawn as broken lines at the same levels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Overlay {
    /// What it is.
    pub name: String,
    /// Row by row.
    #[serde(deserialize_with = "numbers")]
    pub values: Vec<f64>,
}

/// A quantity over a plane.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Map {
    /// Above; may be empty.
    pub title: String,
    /// To the right.
    pub x: Axis,
    /// Upwards.
    pub y: Axis,
    /// Columns, rising.
    pub xs: Vec<f64>,
    /// Rows, rising.
    pub ys: Vec<f64>,
    /// Row by row; what is not a number is left blank.
    #[serde(deserialize_with = "numbers")]
    pub values: Vec<f64>,
    /// The quantity, beside the colour bar.
    pub label: String,
    /// How values are spread over the colours.
    pub scale: Scale,
    /// From which value to which colours go; chosen by the data unless given.
    pub range: Option<[f64; 2]>,
    /// Contours or cells.
    pub filling: Filling,
    /// A second quantity.
    pub overlay: Option<Overlay>,
    /// Points to mark with a ring.
    pub rings: Vec<[f64; 2]>,
    /// Below, small; may be empty.
    pub note: String,
}

const BAR: f64 = 14.0;

impl Map {
    /// Draws the map on a page of this size.
    pub fn draw(&self, width: f64, height: f64) -> Canvas {
        let described = format!("{}: {} over {} and {}", self.title, self.label, self.x.label, self.y.label);
        let mut canvas = Canvas::new(width, height, described.trim_start_matches(": "));
        let inner = width - 2.0 * EDGE;
        let mut top = heading(&mut canvas, &self.title, inner);
        top += self.legend(&mut canvas, top);
        let bottom = footing(&mut canvas, &self.note, inner);

        let colors = Domain::of(self.values.iter().copied(), self.scale, self.range, 0.0);
        let levels = self.levels(&colors);
        let marks = ticks(&colors, 8);
        let labels: Vec<(f64, String)> = marks.major;
        let widest = labels.iter().map(|l| font::width(&l.1, TICK)).fold(0.0, f64::max);
        let beside = BAR + 14.0 + widest + 8.0 + if self.label.is_empty() { 0.0 } else { LABEL + 8.0 };

        let x = Domain::of(self.reach(&self.xs).into_iter(), self.x.scale, self.x.range, 0.0);
        let y = Domain::of(self.reach(&self.ys).into_iter(), self.y.scale, self.y.range, 0.0);
        let room = Rect { x: EDGE, y: top, width: inner - beside, height: bottom - top };
        let frame = Frame::new(room, [&self.x, &self.y], x, y);
        match self.filling {
            Filling::Contours => self.contours(&mut canvas, &frame, &colors, &levels),
            Filling::Cells => self.cells(&mut canvas, &frame, &colors),
        }
        for ring in self.rings.iter().filter_map(|r| frame.at(r[0], r[1])) {
            canvas.shapes.push(Shape::Circle(ring, 5.0, None, Some(Stroke::new(Ink::Fixed([0, 0, 0]), 3.2))));
            canvas.shapes.push(Shape::Circle(ring, 5.0, None, Some(Stroke::new(Ink::Fixed([255, 255, 255]), 1.6))));
        }
        frame.draw(&mut canvas);
        if !self.values.iter().any(|v| colors.place(*v).is_some()) {
            let middle = [frame.plot.x + frame.plot.width / 2.0, frame.plot.y + frame.plot.height / 2.0];
            canvas.text(middle, "no data", LABEL, Anchor::Middle, Ink::Muted);
        }
        let bar = Rect { x: frame.plot.right() + 14.0, width: BAR, ..frame.plot };
        self.color_bar(&mut canvas, bar, &colors, &levels, &labels, &marks.factor);
        canvas
    }

    /// From where to where the grid lies: a cell reaches half a step beyond its point.
    fn reach(&self, line: &[f64]) -> Vec<f64> {
        match (self.filling, line) {
            (Filling::Cells, [first, .., last]) => {
                let half = 0.5 * (last - first) / (line.len() - 1) as f64;
                vec![first - half, last + half]
            }
            (Filling::Cells, [only]) => vec![only - 0.5, only + 0.5],
            _ => line.to_vec(),
        }
    }

    /// Values at which the colour changes: round ones, close enough to show the shape.
    fn levels(&self, colors: &Domain) -> Vec<f64> {
        if self.filling == Filling::Cells {
            return Vec::new();
        }
        let shown = |v: &f64| colors.place(*v).is_some_and(|p| p > 1e-6 && p < 1.0 - 1e-6);
        let round: Vec<f64> = match colors.scale {
            Scale::Linear => super::ticks::round_values(colors.low, colors.high, 14),
            _ => (1..14).map(|i| colors.value(f64::from(i) / 14.0)).collect(),
        };
        round.into_iter().filter(shown).collect()
    }

    fn contours(&self, canvas: &mut Canvas, frame: &Frame, colors: &Domain, levels: &[f64]) {
        let place = |v: &f64| colors.place(*v).map_or(f64::NAN, |p| p.clamp(0.0, 1.0));
        let z: Vec<f64> = self.values.iter().map(place).collect();
        let heights = Heights { xs: &self.xs, ys: &self.ys, z: &z };
        let on_page = |lines: Vec<Vec<[f64; 2]>>| -> Vec<Vec<[f64; 2]>> {
            lines.iter().map(|line| line.iter().filter_map(|p| frame.at(p[0], p[1])).collect()).collect()
        };
        let clip = Some(frame.plot);
        let places: Vec<f64> = std::iter::once(0.0).chain(levels.iter().map(place)).collect();
        for (i, &level) in places.iter().enumerate() {
            let upper = places.get(i + 1).copied().unwrap_or(1.0);
            let fill: Paint = Ink::Fixed(viridis((level + upper) / 2.0)).into();
            canvas.area(on_page(heights.region(level)), fill, clip);
        }
        for &level in places.iter().skip(1) {
            let stroke = Stroke {
                paint: Paint { ink: Ink::Fixed([255, 255, 255]), opacity: 0.55 },
                width: 0.8,
                dash: Dash::Solid,
            };
            let lines = on_page(heights.lines(level));
            canvas.shapes.push(Shape::Path(Path { lines, stroke: Some(stroke), clip, ..Path::default() }));
        }
        if let Some(overlay) = &self.overlay {
            let z: Vec<f64> = overlay.values.iter().map(|v| colors.place(*v).unwrap_or(f64::NAN)).collect();
            let heights = Heights { z: &z, ..heights };
            for &level in places.iter().skip(1) {
                for stroke in broken_line() {
                    let lines = on_page(heights.lines(level));
                    canvas.shapes.push(Shape::Path(Path { lines, stroke: Some(stroke), clip, ..Path::default() }));
                }
            }
        }
    }

    fn cells(&self, canvas: &mut Canvas, frame: &Frame, colors: &Domain) {
        let (columns, rows) = (self.xs.len(), self.ys.len());
        if columns == 0 || rows == 0 || self.values.len() != columns * rows {
            return;
        }
        // The picture has its first row above.
        let rgb = self.values.chunks_exact(columns).rev().flatten().flat_map(|v| match colors.place(*v) {
            Some(p) => viridis(p),
            None => [128, 128, 128],
        });
        canvas.shapes.push(Shape::Pixels(Pixels { area: frame.plot, columns, rgb: rgb.collect() }));
    }

    fn legend(&self, canvas: &mut Canvas, top: f64) -> f64 {
        let Some(overlay) = self.overlay.as_ref().filter(|_| self.filling == Filling::Contours) else { return 0.0 };
        let y = top + TICK / 2.0 + 2.0;
        let x = EDGE + 30.0;
        for stroke in broken_line() {
            canvas.line(vec![[x, y], [x + 30.0, y]], stroke, None);
        }
        canvas.text([x + 36.0, top + TICK], &overlay.name, TICK, Anchor::Start, Ink::Text);
        TICK + 10.0
    }

    fn color_bar(
        &self,
        canvas: &mut Canvas,
        bar: Rect,
        colors: &Domain,
        levels: &[f64],
        labels: &[(f64, String)],
        factor: &str,
    ) {
        let edges: Vec<f64> = if levels.is_empty() {
            (0..=64).map(|i| f64::from(i) / 64.0).collect()
        } else {
            std::iter::once(0.0).chain(levels.iter().filter_map(|l| colors.place(*l))).chain([1.0]).collect()
        };
        for pair in edges.windows(2) {
            let (low, high) = (bar.bottom() - pair[0] * bar.height, bar.bottom() - pair[1] * bar.height);
            let area = Rect { x: bar.x, y: high, width: bar.width, height: low - high };
            let fill: Paint = Ink::Fixed(viridis((pair[0] + pair[1]) / 2.0)).into();
            canvas.rect(area, Some(fill), Some(Stroke { paint: fill, width: 0.4, dash: Dash::Solid }));
        }
        let stroke = Stroke::new(Ink::Axis, 1.0);
        canvas.rect(bar, None, Some(stroke));
        let mut free = f64::INFINITY;
        let mut widest: f64 = 0.0;
        for (value, label) in labels {
            let Some(y) = colors.place(*value).map(|p| bar.bottom() - p * bar.height) else { continue };
            canvas.line(vec![[bar.right(), y], [bar.right() + 4.0, y]], stroke, None);
            if y + TICK / 2.0 <= free {
                canvas.text([bar.right() + 7.0, y + TICK * 0.36], label, TICK, Anchor::Start, Ink::Muted);
                widest = widest.max(font::width(label, TICK));
                free = y - TICK / 2.0 - 2.0;
            }
        }
        let label = if factor.is_empty() { self.label.clone() } else { format!("{}  ({factor})", self.label) };
        if !label.trim().is_empty() {
            let at = [bar.right() + 7.0 + widest + 5.0 + LABEL, bar.y + bar.height / 2.0];
            canvas.upright(at, font::fitted(label.trim(), LABEL, bar.height + 16.0), LABEL, Anchor::Middle, Ink::Text);
        }
    }
}

/// Black strokes on a light line: seen on every colour.
fn broken_line() -> [Stroke; 2] {
    let halo =
        Stroke { paint: Paint { ink: Ink::Fixed([255, 255, 255]), opacity: 0.8 }, width: 2.4, dash: Dash::Solid };
    [halo, Stroke { paint: Ink::Fixed([0, 0, 0]).into(), width: 1.2, dash: Dash::Dashed }]
}
