//! A document in a folder.

use super::csv::csv;
use super::{Document, DocumentError, html, markdown};
use crate::plot::Theme;
use crate::report::write_bytes;
use std::fs;
use std::io;
use std::path::Path;

const STORED: &str = "report.json";

fn failed(operation: &'static str, path: &Path) -> impl Fn(io::Error) -> DocumentError {
    let path = path.to_owned();
    move |source| DocumentError::Io { operation, path: path.clone(), source }
}

/// Writes a document in all its forms: page, Markdown, JSON, tables and pictures.
///
/// # Errors
/// Where the system refuses, or a name in the document cannot be that of a file.
pub fn write_document(folder: &Path, document: &Document) -> Result<(), DocumentError> {
    let path = folder.join(STORED);
    let mut text = serde_json::to_string_pretty(document)
        .map_err(|cause| DocumentError::Stored { path: path.clone(), found: cause.to_string() })?;
    text.push('\n');
    fs::create_dir_all(folder).map_err(failed("making", folder))?;
    write_bytes(&path, text.as_bytes()).map_err(failed("writing", &path))?;
    rebuild_document(folder).map(|_| ())
}

/// Makes every other form of a report again from its `report.json`.
///
/// # Errors
/// Where there is none, it is none, or the system refuses.
pub fn rebuild_document(folder: &Path) -> Result<Document, DocumentError> {
    let document = read(folder)?;
    rebuild(folder, &document)?;
    Ok(document)
}

/// The same with surfaces that can be turned, or without; `report.json` says so from then on.
///
/// # Errors
/// As [`rebuild_document`].
pub fn rebuild_document_with(folder: &Path, interactive: bool) -> Result<Document, DocumentError> {
    let document = Document { interactive, ..read(folder)? };
    write_document(folder, &document)?;
    Ok(document)
}

/// What is stored.
fn read(folder: &Path) -> Result<Document, DocumentError> {
    let path = folder.join(STORED);
    let text = fs::read_to_string(&path).map_err(failed("reading", &path))?;
    let stored = |found: String| DocumentError::Stored { path: path.clone(), found };
    let document: Document = serde_json::from_str(&text).map_err(|cause| stored(cause.to_string()))?;
    if document.schema != Document::SCHEMA {
        return Err(stored(format!("schema {}", document.schema.escape_debug())));
    }
    // A stored name becomes a file: nothing but a plain one.
    let names = document.tables().map(|t| &t.name).chain(document.pictures().map(|p| &p.name));
    for name in names {
        let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        if !plain {
            return Err(stored(format!("the name `{}` of a table or picture", name.escape_debug())));
        }
    }
    Ok(document)
}

fn rebuild(folder: &Path, document: &Document) -> Result<(), DocumentError> {
    let write = |name: String, bytes: &[u8]| {
        let path = folder.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(failed("making", parent))?;
        }
        write_bytes(&path, bytes).map_err(failed("writing", &path))
    };
    for table in document.tables() {
        write(format!("tables/{}.csv", table.name), csv(table).as_bytes())?;
    }
    for picture in document.pictures() {
        let canvas = picture.figure.draw();
        write(format!("pictures/{}.svg", picture.name), canvas.to_svg(Theme::Auto).as_bytes())?;
        write(format!("pictures/{}.png", picture.name), &canvas.to_png(Theme::Light)?)?;
    }
    write("report.md".to_string(), markdown(document).as_bytes())?;
    write("report.html".to_string(), html(document).as_bytes())
}
