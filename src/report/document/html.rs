//! A document as one HTML file.
//!
//! No script unless surfaces are to be turned, nothing from the network, system fonts. Colours follow the reader's screen; paper
//! is light. Tables scroll on their own where the page is narrow, and the panels of a figure stand below each other there.
//! Whatever a script shows is there without it as well, as a picture.

use super::{Block, DataTable, Document, Picture};
use crate::plot::{Panel, Theme, escaped};
use std::fmt::Write as _;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("surface.js");

/// The page.
pub fn html(document: &Document) -> String {
    let mut text = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <main>\n<header>\n<p class=\"kind\">Hesse report</p>\n<h1>{title}</h1>\n<p class=\"question\">{}</p>\n\
         <p class=\"answer\">{}</p>\n</header>\n",
        words(&document.question),
        words(&document.answer),
        title = escaped(&document.title),
    );
    for section in &document.sections {
        // Writing to a String cannot fail, here and below.
        let _ = writeln!(text, "<section>\n<h2>{}</h2>", escaped(&section.title));
        for block in &section.blocks {
            match block {
                Block::Text(words) => {
                    let _ = writeln!(text, "<p>{}</p>", self::words(words));
                }
                Block::Table(table) => rows(&mut text, table, &section.title),
                Block::Picture(picture) => figure(&mut text, picture, document.interactive),
            }
        }
        text.push_str("</section>\n");
    }
    if !document.remarks.is_empty() {
        text.push_str("<section>\n<h2>Remarks</h2>\n<ul>\n");
        document.remarks.iter().for_each(|r| {
            let _ = writeln!(text, "<li>{}</li>", words(r));
        });
        text.push_str("</ul>\n</section>\n");
    }
    text.push_str("<section>\n<h2>To repeat this</h2>\n<dl>\n");
    for (name, value) in &document.manifest {
        let _ = writeln!(text, "<dt>{}</dt><dd>{}</dd>", escaped(name), escaped(value));
    }
    text.push_str("</dl>\n</section>\n</main>\n");
    if document.interactive {
        let _ = write!(text, "<script>\n{SCRIPT}</script>\n");
    }
    text.push_str("</body>\n</html>\n");
    text
}

/// Words for the page: a unit stays with its number.
fn words(text: &str) -> String {
    escaped(text).replace(" %", "\u{a0}%")
}

fn rows(text: &mut String, table: &DataTable, heading: &str) {
    let class = |numbers: bool| if numbers { " class=\"n\"" } else { "" };
    let (name, caption) = (escaped(&table.name), escaped(&table.caption));
    // The caption stands outside of what scrolls; one that says what the heading says is not said again.
    let _ = if table.caption == heading {
        writeln!(text, "<div class=\"table\" id=\"{name}\"><table aria-label=\"{caption}\">\n<thead><tr>")
    } else {
        writeln!(
            text,
            "<p class=\"caption\" id=\"{name}\">{caption}</p>\n\
             <div class=\"table\"><table aria-labelledby=\"{name}\">\n<thead><tr>"
        )
    };
    for column in &table.columns {
        let _ = write!(text, "<th scope=\"col\"{}>{}</th>", class(column.numbers), escaped(&column.name));
    }
    text.push_str("</tr></thead>\n<tbody>\n");
    for row in &table.rows {
        text.push_str("<tr>");
        for (i, cell) in row.iter().enumerate() {
            let numbers = table.columns.get(i).is_some_and(|c| c.numbers);
            let shown = escaped(&cell.shown);
            // The options of a network may stand below each other.
            let shown = if numbers { shown } else { shown.replace(',', ",<wbr>").replace(':', ":<wbr>") };
            let _ = write!(text, "<td{}>{shown}</td>", class(numbers));
        }
        text.push_str("</tr>\n");
    }
    text.push_str("</tbody>\n</table></div>\n");
}

fn figure(text: &mut String, picture: &Picture, interactive: bool) {
    let _ = writeln!(text, "<figure id=\"{}\">\n<div class=\"panels\">", escaped(&picture.name));
    for panel in picture.figure.separate() {
        let _ = writeln!(text, "<div>{}</div>", panel.to_svg(Theme::Auto).trim_end());
    }
    text.push_str("</div>\n");
    if interactive {
        surfaces(text, picture);
    }
    let note = &picture.figure.note;
    let note = if note.is_empty() { String::new() } else { format!(" <span>{}</span>", escaped(note)) };
    let _ = writeln!(text, "<figcaption>{}{note}</figcaption>\n</figure>", escaped(&picture.caption));
}

/// The maps of a figure as surfaces, hidden until the script has taken them over.
fn surfaces(text: &mut String, picture: &Picture) {
    let maps = picture.figure.panels.iter().filter_map(|panel| match panel {
        Panel::Map(map) => map.surface(),
        _ => None,
    });
    let all: Vec<String> = maps
        .filter_map(|surface| {
            // Within a script nothing but its own end is markup.
            let data = serde_json::to_string(&surface).ok()?.replace('<', "\\u003c");
            let title = escaped(&surface.title);
            let label = format!("{title}: surface of {}", escaped(&surface.labels[2]));
            Some(format!(
                "<div class=\"surface\" hidden>\n<p>{title}</p>\n<canvas tabindex=\"0\" role=\"img\" aria-label=\"{label}. Arrow keys \
                 turn it, plus and minus change its size, 0 resets it, the space bar starts and stops turning.\"></canvas>\n\
                 <button type=\"button\">Turn</button>\n<script type=\"application/json\">{data}</script>\n</div>\n"
            ))
        })
        .collect();
    if !all.is_empty() {
        let _ = write!(text, "<div class=\"surfaces\">\n{}</div>\n", all.concat());
    }
}
