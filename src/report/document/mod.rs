//! A report one wants to look at: question, answer, tables, pictures, and what it takes to repeat it.
//!
//! A study fills a [`Document`], plain data; [`write_document`] puts it into a folder:
//!
//! ```text
//! report.html   one file with everything in it: no network, light and dark, narrow and wide, on paper; a script only
//!               where surfaces are to be turned
//! report.md     the same as Markdown
//! report.json   the document itself, from which the others can be made again
//! tables/       every table as CSV, with numbers in full
//! pictures/     every picture as SVG and PNG
//! ```
//!
//! Everything is made from what a reader of `report.json` gets, so that a report that is rebuilt is the same to the byte.
//!
//! Decided against a template engine: the page is one function, and escaping is in one place.

mod csv;
mod error;
mod folder;
mod html;
mod markdown;
mod model;
#[cfg(test)]
mod tests;

pub use error::DocumentError;
pub use folder::{rebuild_document, rebuild_document_with, write_document};
pub use html::html;
pub use markdown::markdown;
pub use model::{Block, Cell, Column, DataTable, Document, Picture, Section};
