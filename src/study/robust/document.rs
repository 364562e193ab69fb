//! The report one wants to look at.

use super::tables::grids;
use super::text::{cautions, heading};
use super::{RobustReport, pictures};
use crate::report::{Block, Cell, Column, DataTable, Document, Picture, Section};

/// Question, answer, both matrices, the spectra and the lines, with pictures.
pub fn robust_document(report: &RobustReport) -> Document {
    let tables = grids(report).into_iter().map(|grid| {
        let columns = grid.columns.iter().enumerate();
        DataTable {
            name: grid.name.to_string(),
            caption: grid.title.clone(),
            columns: columns.map(|(i, n)| if i == 0 { Column::words(n) } else { Column::numbers(n) }).collect(),
            rows: grid.rows.into_iter().map(|row| row.into_iter().map(Cell::text).collect()).collect(),
        }
    });
    let mut sections = vec![Section { title: "What was done".to_string(), blocks: vec![Block::Text(heading(report))] }];
    for table in tables {
        let mut blocks = Vec::new();
        if let Some((name, caption, figure)) = pictures::of(report, &table.name) {
            let (name, caption) = (name.to_string(), caption.to_string());
            blocks.push(Block::Picture(Box::new(Picture { name, caption, figure })));
        }
        let title = table.caption.clone();
        blocks.push(Block::Table(table));
        sections.push(Section { title, blocks });
    }
    let m = &report.manifest;
    let manifest = [
        ("version", m.version.clone()),
        ("command", m.command.join(" ")),
        ("seed", m.seed.to_string()),
        ("data", m.data.clone()),
        ("training data, SHA-256", m.data_sha256.clone()),
        ("test data, SHA-256", m.test_data_sha256.clone()),
        ("backend", format!("{} {} {}", report.backend.name, report.backend.device, report.backend.dtype)),
        ("machine", format!("{}, {} threads", m.device_details, m.threads)),
        ("original run, SHA-256", m.run_sha256.clone()),
    ];
    Document {
        schema: Document::SCHEMA.to_string(),
        title: "Robust training and curvature".to_string(),
        question: "What does training against perturbed inputs do to a network's accuracy under attack, and to the \
                   curvature of its loss?"
            .to_string(),
        answer: report.answer.clone(),
        sections,
        remarks: cautions(report).into_iter().chain(m.notices.iter().cloned()).collect(),
        manifest: manifest.into_iter().map(|(name, value)| (name.to_string(), value)).collect(),
    }
}
