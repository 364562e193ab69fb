//! A drawing as data: paths, letters and pixels on a page, in the order in which they are painted.
//!
//! Charts write here, [`svg`](super::svg) and [`png`](super::png) read. Colours are roles ([`Ink`]), so that one
//! drawing serves light and dark pages. Lengths are in CSS pixels, y points down.

use serde::{Deserialize, Serialize};

/// What a colour is for; a [`Theme`](super::Theme) says which colour that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    /// The page.
    Ground,
    /// Titles and labels.
    Text,
    /// Numbers on axes, notes.
    Muted,
    /// The frame of a chart.
    Axis,
    /// Lines behind the data.
    Grid,
    /// Data, by number.
    Series(usize),
    /// A colour that means a number, the same in every theme.
    Fixed([u8; 3]),
}

/// A filled colour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Paint {
    /// Which.
    pub ink: Ink,
    /// From 0 to 1.
    pub opacity: f64,
}

impl From<Ink> for Paint {
    fn from(ink: Ink) -> Self {
        Paint { ink, opacity: 1.0 }
    }
}

/// How a line is broken, so that series differ without colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Dash {
    /// Not at all.
    #[default]
    Solid,
    /// Strokes.
    Dashed,
    /// Points.
    Dotted,
    /// Strokes and points.
    DashDot,
    /// Long strokes.
    Long,
}

impl Dash {
    /// Lengths of strokes and gaps for a line of this width.
    pub(super) fn pattern(self, width: f64) -> Option<Vec<f64>> {
        let lengths: &[f64] = match self {
            Dash::Solid => return None,
            Dash::Dashed => &[4.0, 2.2],
            Dash::Dotted => &[1.1, 1.7],
            Dash::DashDot => &[5.0, 1.8, 1.1, 1.8],
            Dash::Long => &[8.0, 2.6],
        };
        Some(lengths.iter().map(|l| l * width.max(1.0)).collect())
    }
}

/// A drawn line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stroke {
    /// Its colour.
    pub paint: Paint,
    /// Its width.
    pub width: f64,
    /// Its breaks.
    pub dash: Dash,
}

impl Stroke {
    /// An unbroken line.
    pub fn new(ink: Ink, width: f64) -> Self {
        Stroke { paint: ink.into(), width, dash: Dash::Solid }
    }
}

/// A rectangle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rect {
    /// Left edge.
    pub x: f64,
    /// Upper edge.
    pub y: f64,
    /// To the right.
    pub width: f64,
    /// Downwards.
    pub height: f64,
}

impl Rect {
    /// Right edge.
    pub fn right(&self) -> f64 {
        self.x + self.width
    }
    /// Lower edge.
    pub fn bottom(&self) -> f64 {
        self.y + self.height
    }
}

/// Where a text stands with respect to its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// It begins there.
    Start,
    /// It is centred there.
    Middle,
    /// It ends there.
    End,
}

/// One line of text.
#[derive(Debug, Clone, PartialEq)]
pub struct Letters {
    /// The point, on the base line.
    pub at: [f64; 2],
    /// What is written.
    pub text: String,
    /// Height of the type.
    pub size: f64,
    /// Where it stands.
    pub anchor: Anchor,
    /// Whether it runs upwards.
    pub upright: bool,
    /// Its colour.
    pub ink: Ink,
}

/// A line or an area.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Path {
    /// Lines of points.
    pub lines: Vec<Vec<[f64; 2]>>,
    /// Whether each is closed.
    pub closed: bool,
    /// The area, by the even-odd rule.
    pub fill: Option<Paint>,
    /// The line.
    pub stroke: Option<Stroke>,
    /// Nothing is painted outside.
    pub clip: Option<Rect>,
}

/// A picture of pixels, drawn with hard edges.
#[derive(Debug, Clone, PartialEq)]
pub struct Pixels {
    /// Where.
    pub area: Rect,
    /// Pixels in a row.
    pub columns: usize,
    /// Red, green and blue, row by row.
    pub rgb: Vec<u8>,
}

/// Something painted.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// A line or an area.
    Path(Path),
    /// A circle: centre, radius, area and line.
    Circle([f64; 2], f64, Option<Paint>, Option<Stroke>),
    /// A line of text.
    Letters(Letters),
    /// A picture of pixels.
    Pixels(Pixels),
}

/// A page with what is painted on it.
#[derive(Debug, Clone, PartialEq)]
pub struct Canvas {
    /// To the right.
    pub width: f64,
    /// Downwards.
    pub height: f64,
    /// What it shows, in words, for those who cannot see it.
    pub description: String,
    /// In painting order.
    pub shapes: Vec<Shape>,
}

impl Canvas {
    /// An empty page.
    pub fn new(width: f64, height: f64, description: impl Into<String>) -> Self {
        Canvas { width, height, description: description.into(), shapes: Vec::new() }
    }

    /// A line from point to point.
    pub fn line(&mut self, points: Vec<[f64; 2]>, stroke: Stroke, clip: Option<Rect>) {
        self.shapes.push(Shape::Path(Path { lines: vec![points], stroke: Some(stroke), clip, ..Path::default() }));
    }

    /// An area within closed lines.
    pub fn area(&mut self, lines: Vec<Vec<[f64; 2]>>, fill: Paint, clip: Option<Rect>) {
        self.shapes.push(Shape::Path(Path { lines, closed: true, fill: Some(fill), clip, ..Path::default() }));
    }

    /// A rectangle.
    pub fn rect(&mut self, r: Rect, fill: Option<Paint>, stroke: Option<Stroke>) {
        let corners = vec![[r.x, r.y], [r.right(), r.y], [r.right(), r.bottom()], [r.x, r.bottom()]];
        self.shapes.push(Shape::Path(Path { lines: vec![corners], closed: true, fill, stroke, clip: None }));
    }

    /// A line of text.
    pub fn text(&mut self, at: [f64; 2], text: impl Into<String>, size: f64, anchor: Anchor, ink: Ink) {
        self.shapes.push(Shape::Letters(Letters { at, text: text.into(), size, anchor, upright: false, ink }));
    }

    /// A line of text that runs upwards.
    pub fn upright(&mut self, at: [f64; 2], text: impl Into<String>, size: f64, anchor: Anchor, ink: Ink) {
        self.shapes.push(Shape::Letters(Letters { at, text: text.into(), size, anchor, upright: true, ink }));
    }

    /// Takes over what is painted on another page, moved.
    pub fn place(&mut self, other: Canvas, dx: f64, dy: f64) {
        self.shapes.extend(other.shapes.into_iter().map(|shape| moved(shape, dx, dy)));
    }
}

fn moved(shape: Shape, dx: f64, dy: f64) -> Shape {
    let rect = |r: Rect| Rect { x: r.x + dx, y: r.y + dy, ..r };
    match shape {
        Shape::Path(mut path) => {
            path.lines.iter_mut().flatten().for_each(|p| *p = [p[0] + dx, p[1] + dy]);
            path.clip = path.clip.map(rect);
            Shape::Path(path)
        }
        Shape::Circle(c, radius, fill, stroke) => Shape::Circle([c[0] + dx, c[1] + dy], radius, fill, stroke),
        Shape::Letters(mut letters) => {
            letters.at = [letters.at[0] + dx, letters.at[1] + dy];
            Shape::Letters(letters)
        }
        Shape::Pixels(mut pixels) => {
            pixels.area = rect(pixels.area);
            Shape::Pixels(pixels)
        }
    }
}
