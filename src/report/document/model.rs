//! The document as plain data.

use crate::plot::Figure;
use crate::report::{Align, Table, grouped, percent, significant, tiny};
use serde::{Deserialize, Serialize};

/// A report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// `hesse.report/1`.
    pub schema: String,
    /// What it is about.
    pub title: String,
    /// What was asked.
    pub question: String,
    /// The answer in one sentence, with numbers.
    pub answer: String,
    /// Tables, pictures and words.
    pub sections: Vec<Section>,
    /// What to keep in mind.
    pub remarks: Vec<String>,
    /// What it takes to repeat it: names and values.
    pub manifest: Vec<(String, String)>,
    /// Whether the page shows maps also as surfaces that a reader can turn, by a script within the page.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub interactive: bool,
}

impl Document {
    /// The schema of documents written by this version.
    pub const SCHEMA: &'static str = "hesse.report/1";

    /// All tables, in order.
    pub fn tables(&self) -> impl Iterator<Item = &DataTable> {
        self.blocks().filter_map(|b| if let Block::Table(table) = b { Some(table) } else { None })
    }

    /// All pictures, in order.
    pub fn pictures(&self) -> impl Iterator<Item = &Picture> {
        self.blocks().filter_map(|b| if let Block::Picture(picture) = b { Some(&**picture) } else { None })
    }

    fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.sections.iter().flat_map(|s| &s.blocks)
    }
}

/// A part of a report under its own heading.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Section {
    /// The heading.
    pub title: String,
    /// In order.
    pub blocks: Vec<Block>,
}

/// A piece of a section.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Block {
    /// A paragraph.
    Text(String),
    /// A table.
    Table(DataTable),
    /// A picture.
    Picture(Box<Picture>),
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its heading.
    pub name: String,
    /// Whether numbers stand in it.
    pub numbers: bool,
}

impl Column {
    /// A column of words.
    pub fn words(name: impl Into<String>) -> Self {
        Column { name: name.into(), numbers: false }
    }
    /// A column of numbers.
    pub fn numbers(name: impl Into<String>) -> Self {
        Column { name: name.into(), numbers: true }
    }
    /// Columns by their headings: these of words, the others of numbers.
    pub fn list(headings: impl IntoIterator<Item = impl Into<String>>, words: &[&str]) -> Vec<Self> {
        let column = |name: String| Column { numbers: !words.contains(&name.as_str()), name };
        headings.into_iter().map(|name| column(name.into())).collect()
    }
}

/// A value: as people read it, and in full.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// On the page.
    pub shown: String,
    /// In the CSV; the same as on the page where nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full: Option<String>,
}

impl Cell {
    /// Words.
    pub fn text(text: impl Into<String>) -> Self {
        Cell { shown: text.into(), full: None }
    }
    /// A number to so many digits.
    pub fn number(value: f64, digits: usize) -> Self {
        Cell { shown: significant(value, digits), full: Some(value.to_string()) }
    }
    /// A small relative figure, such as a residual.
    pub fn tiny(value: f64) -> Self {
        Cell { shown: tiny(value), full: Some(value.to_string()) }
    }
    /// A count.
    pub fn count(value: usize) -> Self {
        Cell { shown: grouped(value), full: Some(value.to_string()) }
    }
    /// A share, as a percentage.
    pub fn share(value: f64) -> Self {
        Cell { shown: percent(value), full: Some(value.to_string()) }
    }
    /// Nothing was measured.
    pub fn none() -> Self {
        Cell { shown: "–".to_string(), full: Some(String::new()) }
    }
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataTable {
    /// The stem of its file: small letters, digits and `-`.
    pub name: String,
    /// What it shows.
    pub caption: String,
    /// From left to right.
    pub columns: Vec<Column>,
    /// From top to bottom.
    pub rows: Vec<Vec<Cell>>,
}

impl DataTable {
    /// The table as plain text.
    pub fn plain(&self) -> Table {
        let align = |numbers| if numbers { Align::Right } else { Align::Left };
        let columns: Vec<(&str, Align)> = self.columns.iter().map(|c| (c.name.as_str(), align(c.numbers))).collect();
        let mut table = Table::new(&columns);
        self.rows.iter().for_each(|row| table.row(row.iter().map(|cell| cell.shown.as_str())));
        table
    }
}

impl Block {
    /// A picture by the stem of its files, its caption, and what is drawn.
    pub fn picture(name: &str, caption: impl Into<String>, figure: Figure) -> Self {
        Block::Picture(Box::new(Picture { name: name.to_string(), caption: caption.into(), figure }))
    }
}

/// A picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Picture {
    /// The stem of its files: small letters, digits and `-`.
    pub name: String,
    /// What it shows.
    pub caption: String,
    /// What is drawn.
    pub figure: Figure,
}
