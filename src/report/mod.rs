//! What results look like: numbers and tables for people, JSON for programs.
//!
//! Every command measures first and writes afterwards, from the same values, so that the table and the JSON cannot
//! disagree. A result file is made beside its destination and renamed when it is whole.
//!
//! Decided against: a table crate (a column's width is the longest of its cells, and that is all we need).

mod document;
mod error;
mod file;
mod json;
mod manifest;
mod number;
mod parts;
mod table;

pub use document::{
    Block, Cell, Column, DataTable, Document, DocumentError, Picture, Section, html, markdown, rebuild_document,
    rebuild_document_with, write_document,
};
pub use error::ReportError;
pub use file::{write_bytes, write_text};
pub use json::{Destination, write_json};
pub use manifest::Manifest;
pub use number::{bytes, grouped, percent, seconds, signed, significant, tiny};
pub use parts::{BackendPart, DataPart, ModelPart};
pub use table::{Align, Table};
