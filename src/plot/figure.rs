//! One or several charts on a page.

use super::canvas::Canvas;
use super::chart::{EDGE, footing, heading};
use super::{Chart, Map, Sheet};
use serde::{Deserialize, Serialize};

/// What stands in one place of a figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Panel {
    /// Series over two axes.
    Chart(Chart),
    /// A quantity over a plane.
    Map(Map),
    /// Small pictures.
    Sheet(Sheet),
}

impl From<Chart> for Panel {
    fn from(chart: Chart) -> Self {
        Panel::Chart(chart)
    }
}
impl From<Map> for Panel {
    fn from(map: Map) -> Self {
        Panel::Map(map)
    }
}
impl From<Sheet> for Panel {
    fn from(sheet: Sheet) -> Self {
        Panel::Sheet(sheet)
    }
}

/// Panels in rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// Above all panels; may be empty.
    pub title: String,
    /// Row by row.
    pub panels: Vec<Panel>,
    /// Panels in a row.
    pub columns: usize,
    /// Below all panels, small; may be empty.
    pub note: String,
}

impl<P: Into<Panel>> From<P> for Figure {
    fn from(panel: P) -> Self {
        Figure { title: String::new(), panels: vec![panel.into()], columns: 1, note: String::new() }
    }
}

impl Figure {
    /// Several panels in one row.
    pub fn row(title: impl Into<String>, panels: Vec<Panel>) -> Self {
        Figure { title: title.into(), columns: panels.len().clamp(1, 3), panels, note: String::new() }
    }

    /// Draws each panel by itself, for a page that finds a place for them; small enough that letters can still be read where
    /// that page is narrow.
    pub fn separate(&self) -> Vec<Canvas> {
        self.panels_of([[540.0, 420.0], [520.0, 440.0]])
    }

    /// Draws each panel; a lone chart or map has the size given.
    fn panels_of(&self, lone: [[f64; 2]; 2]) -> Vec<Canvas> {
        let columns = self.columns.clamp(1, self.panels.len().max(1));
        // A panel beside others is smaller, so that a figure of two still fits a page.
        let [chart, map] = if columns == 1 { lone } else { [[480.0, 370.0], [480.0, 370.0]] };
        let drawn = self.panels.iter().map(|panel| match panel {
            Panel::Chart(panel) => panel.draw(chart[0], chart[1]),
            Panel::Map(panel) => panel.draw(map[0], map[1]),
            Panel::Sheet(panel) => panel.draw(),
        });
        drawn.collect()
    }

    /// Draws the figure; its size follows from its panels.
    pub fn draw(&self) -> Canvas {
        let columns = self.columns.clamp(1, self.panels.len().max(1));
        let mut drawn = self.panels_of([[640.0, 420.0], [600.0, 500.0]]);
        if drawn.len() == 1 && self.title.is_empty() && self.note.is_empty() {
            return drawn.remove(0);
        }
        let widths: Vec<f64> =
            (0..columns).map(|c| drawn.iter().skip(c).step_by(columns).map(|d| d.width).fold(0.0, f64::max)).collect();
        let width = widths.iter().sum::<f64>().max(240.0);
        let described = std::iter::once(self.title.as_str()).chain(drawn.iter().map(|d| d.description.as_str()));
        let described: Vec<&str> = described.filter(|d| !d.is_empty()).collect();
        let mut page = Canvas::new(width, 0.0, described.join("; "));
        let mut y = heading(&mut page, &self.title, width - 2.0 * EDGE);
        let mut rest = drawn.into_iter();
        loop {
            let row: Vec<Canvas> = rest.by_ref().take(columns).collect();
            if row.is_empty() {
                break;
            }
            let tallest = row.iter().map(|d| d.height).fold(0.0, f64::max);
            let mut x = 0.0;
            for (panel, wide) in row.into_iter().zip(&widths) {
                page.place(panel, x, y);
                x += wide;
            }
            y += tallest;
        }
        let lines = super::font::wrapped(&self.note, super::frame::NOTE, width - 2.0 * EDGE - 16.0).len();
        page.height = y + EDGE + lines as f64 * (super::frame::NOTE + 4.0);
        footing(&mut page, &self.note, width - 2.0 * EDGE);
        page
    }
}
