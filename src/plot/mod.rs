//! Pictures: charts as plain data, drawn as SVG or PNG.
//!
//! ```text
//! Chart | Map | Sheet ──► Figure ──draw──► Canvas (shapes and colour roles) ──► SVG or PNG
//! ```
//!
//! A chart says what is shown ([`Series`], [`Axis`]); layout, marks and legend follow. Series differ in colour, breaks and
//! markers, so that grey is enough; one drawing serves light and dark pages ([`Theme`]). The same data gives the same
//! bytes. Ready-made charts of what this program measures are in [`charts`].
//!
//! Decided against: the kuva crate (no axis for both signs over many powers of ten, colours fixed in the file, so one
//! picture could not follow the reader's page, and letters laid out again for pixels), plotters (no release since
//! 2024), and PNG through an SVG renderer (it needs installed fonts). The two writers are 300 lines.
#![forbid(unsafe_code)]

mod axis;
mod base64;
mod canvas;
mod chart;
pub mod charts;
mod colors;
mod contour;
mod error;
mod figure;
mod file;
mod font;
mod frame;
mod legend;
mod map;
mod paint;
mod png;
mod scale;
mod series;
mod sheet;
#[cfg(test)]
pub(crate) mod snapshot;
mod stored;
mod surface;
mod svg;
#[cfg(test)]
mod tests;
mod theme;
mod ticks;

pub use axis::Axis;
pub use canvas::{Anchor, Canvas, Dash, Ink, Letters, Paint, Path, Pixels, Rect, Shape, Stroke};
pub use chart::Chart;
pub use error::PlotError;
pub use figure::{Figure, Panel};
pub use file::{Format, PictureFile};
pub use map::{Filling, Map, Overlay};
pub use scale::Scale;
pub use series::{Marker, Part, Series, Style};
pub use sheet::{Image, Sheet, Tile};
pub use surface::Surface;
pub(crate) use svg::escaped;
pub use theme::Theme;
