//! The study of large batches as a report, made from what the study measured.

use super::table::{answer, remarks};
use super::{CellReport, CurvaturePart, LargeBatchReport};
use crate::plot::{Axis, Chart, Figure, Part, Series, Style};
use crate::report::{Block, Cell, Column, DataTable, Document, Picture, Section, grouped};
use crate::train::TrainReport;

/// The report. `trainings` are those of the cells, in order.
pub fn large_batch_document(report: &LargeBatchReport, trainings: &[TrainReport]) -> Document {
    let (model, data) = (&report.model, &report.data);
    let picture = |name: &str, caption: String, figure: Figure| {
        Block::Picture(Box::new(Picture { name: name.to_string(), caption, figure }))
    };
    let samples = |part: Side| report.cells.first().and_then(part).map_or(0, |p| p.samples);
    let curvature = format!(
        "λ₁ is the largest eigenvalue of the Hessian of the mean loss over the first {} training and the first {} test samples.",
        grouped(samples(train)),
        grouped(samples(test))
    );
    let top = report.options.top;
    let mut sections = vec![
        Section {
            title: "Sharpness and batch size".to_string(),
            blocks: vec![
                Block::Text(curvature),
                Block::Table(main_table(report)),
                picture(
                    "lambda1",
                    "The largest eigenvalue where each training ends, against the batch size. Bars: ± the residual."
                        .to_string(),
                    large_batch_figure(report),
                ),
            ],
        },
        Section {
            title: "The largest eigenvalues".to_string(),
            blocks: vec![
                picture(
                    "spectrum",
                    format!(
                        "The {top} largest eigenvalues of the training Hessian by rank, a curve for each batch size."
                    ),
                    spectrum(report),
                ),
                Block::Table(eigenvalues(report)),
            ],
        },
        Section {
            title: "Generalisation".to_string(),
            blocks: vec![picture(
                "accuracy",
                "Accuracy where each training ends, and the length of the loss's gradient there.".to_string(),
                accuracy(report),
            )],
        },
        Section {
            title: "Training".to_string(),
            blocks: vec![picture(
                "training",
                "Loss and test accuracy against epochs, a curve for each batch size.".to_string(),
                curves(report, trainings),
            )],
        },
    ];
    sections.extend(paper(report));
    Document {
        schema: Document::SCHEMA.to_string(),
        title: format!("Large batches: {} on {}", model.name, data.name),
        question: format!(
            "Does training with large batches end where the loss is sharper? {} ({} parameters) is trained on {} samples of {} \
             with each batch size until the training loss is {}, everything else alike, and the curvature is measured there.",
            model.name,
            grouped(model.parameters),
            grouped(data.samples),
            data.name,
            report.options.target_loss
        ),
        answer: answer(report),
        sections,
        remarks: remarks(report).into_iter().chain(report.manifest.notices.iter().cloned()).collect(),
        manifest: manifest(report),
    }
}

type Side = fn(&CellReport) -> Option<&CurvaturePart>;

fn train(cell: &CellReport) -> Option<&CurvaturePart> {
    cell.train.as_ref()
}

fn test(cell: &CellReport) -> Option<&CurvaturePart> {
    cell.test.as_ref()
}

/// λ₁ against the batch size, both logarithmic.
pub fn large_batch_figure(report: &LargeBatchReport) -> Figure {
    let side = |i: usize, name: &str, part: Side| {
        let found: Vec<(f64, f64, f64)> = report
            .cells
            .iter()
            .filter_map(|c| Some((c.batch_size as f64, part(c)?.largest.first()?)))
            .map(|(b, pair)| (b, pair.value, pair.residual * pair.value.abs()))
            .collect();
        let errors = found.iter().map(|(b, v, r)| [*b, v - r, v + r]).collect();
        Series::line(name, Style::nth(i), found.iter().map(|(b, v, _)| [*b, *v])).over(Part::Errors(errors))
    };
    let series = vec![side(0, "training samples", train), side(1, "test samples", test)];
    let positive = series.iter().flat_map(|s| &s.parts).all(|p| match p {
        Part::Line(points) => points.iter().all(|p| p[1] > 0.0),
        _ => true,
    });
    let y = if positive { Axis::log("largest eigenvalue λ₁") } else { Axis::new("largest eigenvalue λ₁") };
    Chart {
        title: format!("{} on {}", report.model.name, report.data.name),
        x: batch_axis(report),
        y,
        series,
        note: String::new(),
    }
    .into()
}

/// A logarithmic axis with a mark for each batch size.
fn batch_axis(report: &LargeBatchReport) -> Axis {
    let marks = report.cells.iter().map(|c| (c.batch_size as f64, grouped(c.batch_size))).collect();
    Axis::log("batch size").marks(marks)
}

fn spectrum(report: &LargeBatchReport) -> Figure {
    let groups: Vec<_> = report
        .cells
        .iter()
        .filter_map(|c| Some((format!("batch {}", grouped(c.batch_size)), &c.train.as_ref()?.largest)))
        .map(|(name, pairs)| {
            let size = pairs.iter().map(|p| p.value.abs()).fold(0.0, f64::max);
            let bar =
                |p: &super::Eigenvalue| crate::plot::charts::EigenBar { value: p.value, residual: p.residual * size };
            (name, pairs.iter().map(bar).collect())
        })
        .collect();
    crate::plot::charts::eigenvalues("Training Hessian", &groups).into()
}

fn accuracy(report: &LargeBatchReport) -> Figure {
    let line = |i: usize, name: &str, pick: &dyn Fn(&CellReport) -> Option<f64>| {
        let points = report.cells.iter().filter_map(|c| Some([c.batch_size as f64, pick(c)?]));
        Series::line(name, Style::nth(i), points)
    };
    let chart = |title: &str, y: Axis, series: Vec<Series>| Chart {
        title: title.to_string(),
        x: batch_axis(report),
        y,
        series,
        note: String::new(),
    };
    Figure::row(
        "",
        vec![
            chart(
                "Accuracy",
                Axis::new("accuracy / %"),
                vec![
                    line(0, "training samples", &|c| Some(100.0 * c.train_accuracy)),
                    line(1, "test samples", &|c| Some(100.0 * c.test_accuracy)),
                ],
            )
            .into(),
            chart(
                "Gradient",
                Axis::log("‖∇L‖"),
                vec![
                    line(0, "training samples", &|c| train(c).map(|p| p.gradient_norm)),
                    line(1, "test samples", &|c| test(c).map(|p| p.gradient_norm)),
                ],
            )
            .into(),
        ],
    )
}

fn curves(report: &LargeBatchReport, trainings: &[TrainReport]) -> Figure {
    let series = |pick: fn(&crate::train::EpochRecord) -> f64| -> Vec<Series> {
        report
            .cells
            .iter()
            .zip(trainings)
            .enumerate()
            .map(|(i, (cell, training))| {
                let points = training.epochs.iter().map(|e| [e.epoch as f64, pick(e)]);
                Series::line(format!("batch {}", grouped(cell.batch_size)), Style::nth(i), points)
            })
            .collect()
    };
    let mut losses = series(|e| e.loss);
    losses.push(Series::new(
        "target",
        Style { color: 7, ..Style::nth(3) }.bare(),
        Part::Level(report.options.target_loss),
    ));
    let chart = |title: &str, y: Axis, series: Vec<Series>| Chart {
        title: title.to_string(),
        x: Axis::log("epoch"),
        y,
        series,
        note: String::new(),
    };
    Figure::row(
        "",
        vec![
            chart("Mean loss over each epoch", Axis::log("training loss"), losses).into(),
            chart("Test samples after each epoch", Axis::new("accuracy / %"), series(|e| 100.0 * e.test_accuracy))
                .into(),
        ],
    )
}

fn main_table(report: &LargeBatchReport) -> DataTable {
    let columns = [
        "batch",
        "rate",
        "epochs",
        "steps",
        "train loss",
        "train acc.",
        "test loss",
        "test acc.",
        "λ₁ train",
        "residual",
        "λ₁ test",
        "residual",
    ];
    let lambda = |part: Option<&CurvaturePart>| match part.and_then(|p| p.largest.first()) {
        Some(pair) => [Cell::number(pair.value, 4), Cell::tiny(pair.residual)],
        None => [Cell::none(), Cell::none()],
    };
    let row = |c: &CellReport| {
        let first = [
            Cell::count(c.batch_size),
            Cell::number(c.rate, 3),
            Cell::count(c.epochs),
            Cell::count(c.steps),
            Cell::number(c.train_loss, 3),
            Cell::share(c.train_accuracy),
            Cell::number(c.test_loss, 3),
            Cell::share(c.test_accuracy),
        ];
        first.into_iter().chain(lambda(train(c))).chain(lambda(test(c))).collect()
    };
    DataTable {
        name: "large-batch".to_string(),
        caption: "Where each training ended, and how sharp the loss is there.".to_string(),
        columns: columns.into_iter().map(Column::numbers).collect(),
        rows: report.cells.iter().map(row).collect(),
    }
}

fn eigenvalues(report: &LargeBatchReport) -> DataTable {
    let top = report.options.top;
    let columns = std::iter::once("batch".to_string())
        .chain((1..=top).map(|k| format!("λ{}", subscript(k))))
        .chain(["largest residual".to_string(), "products".to_string()]);
    let row = |c: &CellReport| {
        let part = train(c);
        let value = |k: usize| part.and_then(|p| p.largest.get(k)).map_or(Cell::none(), |e| Cell::number(e.value, 4));
        let worst = part.map(|p| p.largest.iter().map(|e| e.residual).fold(0.0, f64::max));
        let mut cells = vec![Cell::count(c.batch_size)];
        cells.extend((0..top).map(value));
        cells.push(worst.map_or(Cell::none(), Cell::tiny));
        cells.push(part.map_or(Cell::none(), |p| Cell::count(p.products)));
        cells
    };
    DataTable {
        name: "eigenvalues".to_string(),
        caption: "The largest eigenvalues of the training Hessian.".to_string(),
        columns: columns.map(Column::numbers).collect(),
        rows: report.cells.iter().map(row).collect(),
    }
}

fn subscript(number: usize) -> String {
    number.to_string().chars().filter_map(|c| char::from_u32(0x2080 + c.to_digit(10)?)).collect()
}

/// The paper's values beside ours, for the network and data that it used.
fn paper(report: &LargeBatchReport) -> Option<Section> {
    // Table 7 of Yao et al. 2018 (arXiv:1802.08241): batch size, λ₁ of the training and of the test Hessian, test accuracy.
    const TABLE7: [(usize, f64, f64, f64); 6] = [
        (64, 0.49, 2.96, 0.9921),
        (128, 1.44, 8.10, 0.9918),
        (256, 2.71, 13.54, 0.9904),
        (512, 5.84, 26.35, 0.9904),
        (1024, 21.24, 36.96, 0.9905),
        (2048, 44.30, 49.36, 0.9899),
    ];
    if report.model.name != "m1" || report.data.name != "mnist" {
        return None;
    }
    let rows: Vec<Vec<Cell>> = report
        .cells
        .iter()
        .filter_map(|c| Some((c, TABLE7.iter().find(|t| t.0 == c.batch_size)?)))
        .map(|(c, (batch, lambda_train, lambda_test, accuracy))| {
            let ours = |part: Option<&CurvaturePart>| part.map_or(Cell::none(), |p| Cell::number(p.lambda(), 4));
            vec![
                Cell::count(*batch),
                ours(train(c)),
                Cell::number(*lambda_train, 4),
                ours(test(c)),
                Cell::number(*lambda_test, 4),
                Cell::share(c.test_accuracy),
                Cell::share(*accuracy),
            ]
        })
        .collect();
    if rows.is_empty() {
        return None;
    }
    let columns = ["batch", "λ₁ train", "paper", "λ₁ test", "paper", "test acc.", "paper"];
    let caption = "Beside Table 7 of the paper (M1 on MNIST).".to_string();
    Some(Section {
        title: "Beside the paper".to_string(),
        blocks: vec![
            Block::Text(
                "The paper does not give its learning rate and number of epochs, and its values are quoted from memory of the \
                 published table: compare the trend, not the numbers."
                    .to_string(),
            ),
            Block::Table(DataTable {
                name: "paper".to_string(),
                caption,
                columns: columns.into_iter().map(Column::numbers).collect(),
                rows,
            }),
        ],
    })
}

fn manifest(report: &LargeBatchReport) -> Vec<(String, String)> {
    let (m, o) = (&report.manifest, &report.options);
    let pairs = [
        ("version", m.version.clone()),
        ("command", m.command.join(" ")),
        ("seed", m.seed.to_string()),
        ("backend", format!("{} {} {}", report.backend.name, report.backend.device, report.backend.dtype)),
        ("threads", m.threads.to_string()),
        ("machine", m.device_details.clone()),
        ("network", format!("{} {} ({} parameters)", report.model.name, report.model.options, report.model.parameters)),
        ("data", m.data.clone()),
        (
            "training samples",
            format!("{}..{} of {}", report.data.range[0], report.data.range[1], report.data.available),
        ),
        ("SHA-256 of the training samples", m.data_sha256.clone()),
        ("SHA-256 of the test samples", m.test_data_sha256.clone()),
        ("SHA-256 of the initial weights", m.initial_weights_sha256.clone()),
        ("normalisation", m.normalize.clone().unwrap_or_else(|| "none".to_string())),
        (
            "optimiser",
            format!("SGD, momentum {}, weight decay {}, rate {} ({})", o.momentum, o.weight_decay, o.rate, o.rate_rule),
        ),
        ("stop", format!("training loss {} or {} epochs", o.target_loss, o.epochs)),
        ("eigensolver", format!("{}, {} eigenvalues to a residual of {}", o.solver, o.top, o.tolerance)),
    ];
    pairs.into_iter().map(|(name, value)| (name.to_string(), value)).collect()
}
