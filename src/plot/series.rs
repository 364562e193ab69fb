//! Series of a chart as plain data.

use super::canvas::Dash;
use super::stored::{numbers, pairs, triples};
use serde::{Deserialize, Serialize};

/// The shape that marks a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Marker {
    /// A disc.
    Circle,
    /// A square.
    Square,
    /// A triangle on its base.
    Triangle,
    /// A square on its corner.
    Diamond,
    /// A triangle on its tip.
    Down,
    /// An upright cross.
    Plus,
    /// A slanted cross.
    Cross,
}

/// How a series is told apart from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Style {
    /// Number of its colour.
    pub color: usize,
    /// How its lines are broken.
    pub dash: Dash,
    /// What marks its points; nothing for lines alone.
    pub marker: Option<Marker>,
}

impl Style {
    /// The style of the i-th series of a chart: colour, breaks and marker all differ, so that grey is enough.
    pub fn nth(i: usize) -> Self {
        const DASHES: [Dash; 5] = [Dash::Solid, Dash::Dashed, Dash::DashDot, Dash::Dotted, Dash::Long];
        const MARKERS: [Marker; 7] = [
            Marker::Circle,
            Marker::Square,
            Marker::Triangle,
            Marker::Diamond,
            Marker::Down,
            Marker::Cross,
            Marker::Plus,
        ];
        Style { color: i, dash: DASHES[i % DASHES.len()], marker: Some(MARKERS[i % MARKERS.len()]) }
    }

    /// The same without markers.
    pub fn bare(self) -> Self {
        Style { marker: None, ..self }
    }
}

/// Part of a series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Part {
    /// Points `[x, y]` joined in order; a value that has no place on its axis breaks the line.
    Line(#[serde(deserialize_with = "pairs")] Vec<[f64; 2]>),
    /// Points `[x, y]`, not joined.
    Points(#[serde(deserialize_with = "pairs")] Vec<[f64; 2]>),
    /// An area between `[x, low, high]`.
    Band(#[serde(deserialize_with = "triples")] Vec<[f64; 3]>),
    /// Upright bars of uncertainty `[x, low, high]`.
    Errors(#[serde(deserialize_with = "triples")] Vec<[f64; 3]>),
    /// Lines `[x, y]` from the foot of the chart to y, with a marker on top.
    Sticks(#[serde(deserialize_with = "pairs")] Vec<[f64; 2]>),
    /// Filled steps: one more edge than heights.
    Steps {
        /// Rising.
        #[serde(deserialize_with = "numbers")]
        edges: Vec<f64>,
        /// Between two edges each.
        #[serde(deserialize_with = "numbers")]
        heights: Vec<f64>,
    },
    /// Bars `[x, y]` from zero (from the foot on a logarithmic axis).
    Bars {
        /// Middle and height of each.
        #[serde(deserialize_with = "pairs")]
        bars: Vec<[f64; 2]>,
        /// In units of x.
        width: f64,
    },
    /// A line across at this y.
    Level(f64),
    /// A line from bottom to top at this x.
    At(f64),
}

/// What belongs together in a chart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// In the legend; not there where empty.
    pub name: String,
    /// How it is told apart.
    pub style: Style,
    /// In painting order.
    pub parts: Vec<Part>,
}

impl Series {
    /// A series of one part.
    pub fn new(name: impl Into<String>, style: Style, part: Part) -> Self {
        Series { name: name.into(), style, parts: vec![part] }
    }

    /// A line with markers.
    pub fn line(name: impl Into<String>, style: Style, points: impl IntoIterator<Item = [f64; 2]>) -> Self {
        Series::new(name, style, Part::Line(points.into_iter().collect()))
    }

    /// With one more part, painted before the others.
    pub fn over(mut self, part: Part) -> Self {
        self.parts.insert(0, part);
        self
    }

    /// Every x that is to be shown.
    pub(super) fn xs(&self) -> Vec<f64> {
        self.parts
            .iter()
            .flat_map(|part| match part {
                Part::Line(p) | Part::Points(p) | Part::Sticks(p) => p.iter().map(|p| p[0]).collect(),
                Part::Band(p) | Part::Errors(p) => p.iter().map(|p| p[0]).collect(),
                Part::Steps { edges, .. } => edges.clone(),
                Part::Bars { bars, width } => {
                    bars.iter().flat_map(|b| [b[0] - 0.75 * width, b[0] + 0.75 * width]).collect()
                }
                Part::Level(_) => Vec::new(),
                Part::At(x) => vec![*x],
            })
            .collect()
    }

    /// Every y that is to be shown.
    pub(super) fn ys(&self) -> Vec<f64> {
        self.parts
            .iter()
            .flat_map(|part| match part {
                Part::Line(p) | Part::Points(p) | Part::Sticks(p) => p.iter().map(|p| p[1]).collect(),
                Part::Band(p) | Part::Errors(p) => p.iter().flat_map(|p| [p[1], p[2]]).collect(),
                Part::Steps { heights, .. } => heights.iter().copied().chain([0.0]).collect(),
                Part::Bars { bars, .. } => bars.iter().map(|b| b[1]).chain([0.0]).collect(),
                Part::Level(y) => vec![*y],
                Part::At(_) => Vec::new(),
            })
            .collect::<Vec<f64>>()
    }
}
