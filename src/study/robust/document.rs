//! The report one wants to look at.

use super::tables::tables;
use super::text::{cautions, heading};
use super::{RobustReport, pictures};
use crate::report::{Block, Document, Section};
use crate::study::manifest;

/// Question, answer, both matrices, the spectra and the lines, with pictures.
pub fn robust_document(report: &RobustReport) -> Document {
    let mut sections = vec![Section { title: "What was done".to_string(), blocks: vec![Block::Text(heading(report))] }];
    for table in tables(report) {
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
        interactive: false,
    }
}
