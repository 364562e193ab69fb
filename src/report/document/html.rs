//! A document as one HTML file.
//!
//! No script, nothing from the network, system fonts. Colours follow the reader's screen; paper is light. Tables scroll on
//! their own where the page is narrow, and the panels of a figure stand below each other there.

use super::{Block, DataTable, Document, Picture};
use crate::plot::{Theme, escaped};
use std::fmt::Write as _;

const STYLE: &str = include_str!("style.css");

/// The page.
pub fn html(document: &Document) -> String {
    let mut text = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <main>\n<header>\n<p class=\"kind\">Hesse report</p>\n<h1>{title}</h1>\n<p class=\"question\">{}</p>\n\
         <p class=\"answer\">{}</p>\n</header>\n",
        escaped(&document.question),
        escaped(&document.answer),
        title = escaped(&document.title),
    );
    for section in &document.sections {
        // Writing to a String cannot fail, here and below.
        let _ = writeln!(text, "<section>\n<h2>{}</h2>", escaped(&section.title));
        for block in &section.blocks {
            match block {
                Block::Text(words) => {
                    let _ = writeln!(text, "<p>{}</p>", escaped(words));
                }
                Block::Table(table) => rows(&mut text, table),
                Block::Picture(picture) => figure(&mut text, picture),
            }
        }
        text.push_str("</section>\n");
    }
    if !document.remarks.is_empty() {
        text.push_str("<section>\n<h2>Remarks</h2>\n<ul>\n");
        document.remarks.iter().for_each(|r| {
            let _ = writeln!(text, "<li>{}</li>", escaped(r));
        });
        text.push_str("</ul>\n</section>\n");
    }
    text.push_str("<section>\n<h2>To repeat this</h2>\n<dl>\n");
    for (name, value) in &document.manifest {
        let _ = writeln!(text, "<dt>{}</dt><dd>{}</dd>", escaped(name), escaped(value));
    }
    text.push_str("</dl>\n</section>\n</main>\n</body>\n</html>\n");
    text
}

fn rows(text: &mut String, table: &DataTable) {
    let class = |numbers: bool| if numbers { " class=\"n\"" } else { "" };
    // The caption stands outside of what scrolls.
    let (name, caption) = (escaped(&table.name), escaped(&table.caption));
    let _ = writeln!(
        text,
        "<p class=\"caption\" id=\"{name}\">{caption}</p>\n\
         <div class=\"table\"><table aria-labelledby=\"{name}\">\n<thead><tr>"
    );
    for column in &table.columns {
        let _ = write!(text, "<th scope=\"col\"{}>{}</th>", class(column.numbers), escaped(&column.name));
    }
    text.push_str("</tr></thead>\n<tbody>\n");
    for row in &table.rows {
        text.push_str("<tr>");
        for (i, cell) in row.iter().enumerate() {
            let numbers = table.columns.get(i).is_some_and(|c| c.numbers);
            let _ = write!(text, "<td{}>{}</td>", class(numbers), escaped(&cell.shown));
        }
        text.push_str("</tr>\n");
    }
    text.push_str("</tbody>\n</table></div>\n");
}

fn figure(text: &mut String, picture: &Picture) {
    let _ = writeln!(text, "<figure id=\"{}\">\n<div class=\"panels\">", escaped(&picture.name));
    for panel in picture.figure.separate() {
        let _ = writeln!(text, "<div>{}</div>", panel.to_svg(Theme::Auto).trim_end());
    }
    let note = &picture.figure.note;
    let note = if note.is_empty() { String::new() } else { format!(" <span>{}</span>", escaped(note)) };
    let _ = writeln!(text, "</div>\n<figcaption>{}{note}</figcaption>\n</figure>", escaped(&picture.caption));
}
