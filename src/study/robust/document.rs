//! The report one wants to look at.

use super::tables::grids;
use super::text::{cautions, heading};
use super::{RobustReport, pictures};
use crate::report::{Block, Cell, Column, DataTable, Document, Section};
use crate::study::manifest;

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
            blocks.push(Block::picture(name, caption, figure));
        }
        let title = table.caption.clone();
        blocks.push(Block::Table(table));
        sections.push(Section { title, blocks });
    }
    let o = &report.options;
    let own = [
        ("network", format!("{} {} ({} parameters)", report.model.name, report.model.options, report.model.parameters)),
        (
            "training",
            format!("SGD, momentum {}, batch {}, rate {}, {} epochs", o.momentum, o.batch_size, o.rate, o.epochs),
        ),
        (
            "attacks",
            report
                .attacks
                .iter()
                .map(|a| format!("{} {} {}", a.attack, a.norm, a.epsilon))
                .collect::<Vec<_>>()
                .join("; "),
        ),
        ("eigensolver", format!("{}, to a residual of {}", o.solver, o.tolerance)),
    ];
    Document {
        schema: Document::SCHEMA.to_string(),
        title: "Robust training and curvature".to_string(),
        question: "What does training against perturbed inputs do to a network's accuracy under attack, and to the \
                   curvature of its loss?"
            .to_string(),
        answer: report.answer.clone(),
        sections,
        remarks: cautions(report).into_iter().chain(report.manifest.notices.iter().cloned()).collect(),
        manifest: manifest::of(&report.manifest, &report.backend, own),
    }
}
