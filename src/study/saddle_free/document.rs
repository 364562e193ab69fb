//! The report one wants to look at.

use super::cell::CellReport;
use super::{SaddleFreeReport, pictures, saddle_free_figure};
use crate::report::{Block, Cell, Column, DataTable, Document, Section, grouped, tiny};
use crate::spectrum::inputs::Distribution;
use crate::study::manifest;

/// Question, answer, the three claims network by network, the distributions and the landscapes.
pub fn saddle_free_document(report: &SaddleFreeReport) -> Document {
    let o = &report.options;
    let mut sections = vec![
        Section {
            title: "The three claims".to_string(),
            blocks: vec![
                Block::Text(format!(
                    "Networks trained on {} samples of {} to a loss of {} (at most {} epochs); then the Hessian of each \
                     test sample's own cross-entropy by its pixels, through exact products in {}, at {} samples. With batch \
                     norm in train mode a batch is one point: its summed loss by all its pixels.",
                    grouped(report.data.samples),
                    report.data.name,
                    o.target_loss,
                    o.epochs,
                    o.precision,
                    grouped(report.test_data.samples)
                )),
                Block::Table(claims(report)),
                Block::Text(format!(
                    "Negative: λ_min below −{} of the eigenvalue of largest modulus. Rank: eigenvalues above {} of it. \
                     Outside: the part of the gradient, relative to its norm, that no Krylov space of as many dimensions as the \
                     rank may have can produce; more than {} counts.",
                    tiny(o.semi_definite),
                    tiny(o.rank_threshold),
                    tiny(o.range_tolerance)
                )),
            ],
        },
        Section {
            title: "How far from semi-definite".to_string(),
            blocks: vec![
                Block::picture(
                    "lowest",
                    "Where the theorem applies every smallest eigenvalue is zero to rounding; where it does not, curves reach \
                     far to the left.",
                    saddle_free_figure(report),
                ),
                Block::Table(distributions(report)),
            ],
        },
        Section {
            title: "Sharpness in the input".to_string(),
            blocks: vec![Block::picture(
                "largest",
                "The largest eigenvalue at every point, sorted. On a ReLU network it is all the softmax's own curvature.",
                pictures::largest(report),
            )],
        },
    ];
    if let Some(figure) = pictures::landscapes(report) {
        sections.push(Section {
            title: "The loss around one sample".to_string(),
            blocks: vec![
                Block::picture(
                    "landscapes",
                    "The cross-entropy over the plane of the two dominant eigenvectors of the input Hessian (the paper's \
                     Figure 7), around the sharpest sample that is classified correctly (ring). The gradient points to the \
                     right and upwards.",
                    figure,
                ),
                Block::Table(planes(report)),
            ],
        });
    }
    Document {
        schema: Document::SCHEMA.to_string(),
        title: "Saddle-free in the input?".to_string(),
        question: report.question.to_string(),
        answer: report.answer.clone(),
        sections,
        remarks: remarks(report),
        manifest: manifest::of(
            &report.manifest,
            &report.backend,
            [
                ("networks", report.cells.iter().map(|c| c.name.as_str()).collect::<Vec<_>>().join("; ")),
                (
                    "training",
                    format!(
                        "SGD, batch {}, rate {}, to a loss of {} or {} epochs",
                        o.batch_size, o.rate, o.target_loss, o.epochs
                    ),
                ),
                ("checks", format!("{}, at most {} products a sample", o.precision, o.max_products)),
            ],
        ),
        interactive: false,
    }
}

fn remarks(report: &SaddleFreeReport) -> Vec<String> {
    let mut all = vec![
        "Semi-definite almost everywhere does not mean convex: the loss has kinks where a ReLU switches, and a plane through \
         a sample crosses many."
            .to_string(),
        "All curvature of a piecewise-linear network in its input is that of the softmax: with another loss, such as one of \
         the logits, the Hessian of the same classifier is zero almost everywhere."
            .to_string(),
    ];
    let odd = report.cells.iter().filter(|c| !c.as_expected());
    all.extend(odd.map(|c| format!("{} did not come out as the theory says.", c.name)));
    all.extend(report.manifest.notices.iter().cloned());
    all
}

fn max(d: &Option<Distribution>) -> f64 {
    d.as_ref().map_or(f64::NAN, |d| d.max)
}

fn claims(report: &SaddleFreeReport) -> DataTable {
    let columns = [
        "network",
        "theorem",
        "test acc.",
        "points",
        "negative",
        "rank, largest",
        "bound",
        "above it",
        "g outside",
        "counted",
        "as expected",
    ];
    let row = |c: &CellReport| {
        vec![
            Cell::text(&c.name),
            Cell::text(if c.assumed { "applies" } else { "does not" }),
            Cell::share(c.test_accuracy),
            Cell::count(c.points.len()),
            Cell::count(c.negative),
            Cell::count(max(&c.rank) as usize),
            Cell::count(c.rank_bound),
            Cell::count(c.rank_exceeded),
            Cell::tiny(max(&c.outside)),
            Cell::count(c.out_of_range),
            Cell::text(if c.as_expected() { "yes" } else { "NO" }),
        ]
    };
    DataTable {
        name: "claims".to_string(),
        caption:
            "How many points break each claim: λ_min ≥ 0, rank at most C − 1 for each sample, gradient in the range."
                .to_string(),
        columns: Column::list(columns, &["network", "theorem"]),
        rows: report.cells.iter().map(row).collect(),
    }
}

fn distributions(report: &SaddleFreeReport) -> DataTable {
    let columns = ["network", "lowest", "5 %", "median", "95 %", "λ₁ median", "λ₁ largest", "products"];
    let row = |c: &CellReport| {
        let share =
            |pick: fn(&Distribution) -> f64| c.lowest_share.as_ref().map_or(Cell::none(), |d| Cell::tiny(pick(d)));
        let largest =
            |pick: fn(&Distribution) -> f64| c.largest.as_ref().map_or(Cell::none(), |d| Cell::number(pick(d), 3));
        vec![
            Cell::text(&c.name),
            share(|d| d.min),
            share(|d| d.q05),
            share(|d| d.median),
            share(|d| d.q95),
            largest(|d| d.median),
            largest(|d| d.max),
            Cell::count(c.products),
        ]
    };
    DataTable {
        name: "distributions".to_string(),
        caption: "λ_min over the eigenvalue of largest modulus, over the points, and the largest eigenvalue."
            .to_string(),
        columns: Column::list(columns, &["network"]),
        rows: report.cells.iter().map(row).collect(),
    }
}

fn planes(report: &SaddleFreeReport) -> DataTable {
    let columns = [
        "network",
        "sample",
        "λ₁",
        "λ₂",
        "slope along v₁",
        "along v₂",
        "loss there",
        "largest loss",
        "another class wins",
    ];
    let rows = report.cells.iter().filter_map(|c| {
        let l = c.landscape.as_ref()?;
        let middle = l.offsets.len() / 2;
        let centre = l.losses.get(middle).and_then(|row| row.get(middle)).copied().unwrap_or(f64::NAN);
        let top = l.losses.iter().flatten().copied().fold(f64::NEG_INFINITY, f64::max);
        let all = l.predictions.iter().flatten().count().max(1) as f64;
        let other = l.predictions.iter().flatten().filter(|p| **p != l.label).count() as f64;
        Some(vec![
            Cell::text(&c.name),
            Cell::count(l.index),
            Cell::number(l.eigenvalues[0], 4),
            Cell::number(l.eigenvalues[1], 4),
            Cell::number(l.slopes[0], 3),
            Cell::number(l.slopes[1], 3),
            Cell::number(centre, 3),
            Cell::number(top, 3),
            Cell::share(other / all),
        ])
    });
    DataTable {
        name: "planes".to_string(),
        caption: "The samples of the pictures, and on what share of the plane another class wins.".to_string(),
        columns: Column::list(columns, &["network"]),
        rows: rows.collect(),
    }
}
