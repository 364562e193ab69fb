//! One or several charts on a page.

use super::canvas::Canvas;
use super::chart::{EDGE, footing, heading};
use super::{Chart, Map, Sheet};

/// What stands in one place of a figure.
#[derive(Debug, Clone, PartialEq)]
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
#[derive(Debug, Clone, PartialEq)]
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

    /// Draws the figure; its size follows from its panels.
    pub fn draw(&self) -> Canvas {
        let columns = self.columns.clamp(1, self.panels.len().max(1));
        // A panel beside others is smaller, so that a figure of two still fits a page.
        let (wide, high) = if columns == 1 { (640.0, 420.0) } else { (480.0, 370.0) };
        let drawn: Vec<Canvas> = self
            .panels
            .iter()
            .map(|panel| match panel {
                Panel::Chart(chart) => chart.draw(wide, high),
                Panel::Map(map) => map.draw(if columns == 1 { 600.0 } else { wide }, if columns == 1 { 500.0 } else { high }),
                Panel::Sheet(sheet) => sheet.draw(),
            })
            .collect();
        if let ([_], "", "") = (drawn.as_slice(), self.title.as_str(), self.note.as_str()) {
            return drawn.into_iter().next().unwrap_or_else(|| Canvas::new(wide, high, ""));
        }
        let widths: Vec<f64> = (0..columns)
            .map(|c| drawn.iter().skip(c).step_by(columns).map(|d| d.width).fold(0.0, f64::max))
            .collect();
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
