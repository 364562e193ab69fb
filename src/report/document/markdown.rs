//! A document as Markdown, with its pictures beside it.

use super::{Block, DataTable, Document};
use std::fmt::Write as _;

/// The document; pictures are referred to as `pictures/NAME.svg`.
pub fn markdown(document: &Document) -> String {
    // Writing to a String cannot fail, here and below.
    let mut text = String::new();
    let _ = writeln!(text, "# {}\n", line(&document.title));
    let _ = writeln!(text, "**Question.** {}\n", line(&document.question));
    let _ = writeln!(text, "**Answer.** {}\n", line(&document.answer));
    for section in &document.sections {
        let _ = writeln!(text, "## {}\n", line(&section.title));
        for block in &section.blocks {
            match block {
                Block::Text(words) => {
                    let _ = writeln!(text, "{}\n", line(words));
                }
                Block::Table(table) => text.push_str(&rows(table)),
                Block::Picture(picture) => {
                    let _ = writeln!(text, "![{}](pictures/{}.svg)\n", line(&picture.caption), picture.name);
                    let _ = writeln!(text, "*{}*\n", line(&picture.caption));
                }
            }
        }
    }
    if !document.remarks.is_empty() {
        text.push_str("## Remarks\n\n");
        document.remarks.iter().for_each(|r| {
            let _ = writeln!(text, "- {}", line(r));
        });
        text.push('\n');
    }
    text.push_str("## To repeat this\n\n| | |\n|---|---|\n");
    for (name, value) in &document.manifest {
        let _ = writeln!(text, "| {} | `{}` |", cell(name), cell(value).replace('`', "'"));
    }
    text
}

fn rows(table: &DataTable) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "*{}* ([CSV](tables/{}.csv))\n", line(&table.caption), table.name);
    let joined = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    text.push_str(&joined(table.columns.iter().map(|c| cell(&c.name)).collect()));
    text.push_str(&joined(table.columns.iter().map(|c| if c.numbers { "--:" } else { "---" }.to_string()).collect()));
    for row in &table.rows {
        text.push_str(&joined(row.iter().map(|c| cell(&c.shown)).collect()));
    }
    text.push('\n');
    text
}

/// Text without line breaks and without what Markdown would take for markup of HTML.
fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('<', "&lt;").replace('*', "\\*")
}

fn cell(text: &str) -> String {
    line(text).replace('|', "\\|")
}
