//! The paper's own figures beside ours, for the network and data that it used: its Table 7 (M1 on MNIST) and Table 1 (C1 and
//! C2 on CIFAR-10). Of its Table 2 (CIFAR-100) too little is known to be shown.
//!
//! Recalled from memory and not checked against the page: trends, not thresholds.

use super::cell::Variant;
use super::quantity;
use super::report::LargeBatchReport;
use crate::report::{Cell, Column, DataTable};

/// One row: train, then test where there are both.
struct Row {
    batch: usize,
    test_accuracy: f64,
    lambda: [f64; 2],
    input_lambda: [f64; 2],
    gradient: [f64; 2],
    /// Accuracy under FGSM with the larger budget.
    strong: [f64; 2],
    /// With the smaller one.
    weak: [f64; 2],
}

#[allow(clippy::too_many_arguments, reason = "the columns of the printed table")]
const fn row(
    batch: usize,
    test_accuracy: f64,
    lambda: [f64; 2],
    input_lambda: [f64; 2],
    gradient: [f64; 2],
    strong: [f64; 2],
    weak: [f64; 2],
) -> Row {
    Row { batch, test_accuracy, lambda, input_lambda, gradient, strong, weak }
}

const TABLE_7: [Row; 6] = [
    row(64, 99.21, [0.49, 2.96], [0.07, 0.41], [0.007, 0.10], [53.0, 53.0], [85.0, 85.0]),
    row(128, 99.18, [1.44, 8.10], [0.10, 0.51], [0.009, 0.12], [50.0, 51.0], [83.0, 83.0]),
    row(256, 99.04, [2.71, 13.54], [0.09, 0.50], [0.008, 0.12], [45.0, 46.0], [81.0, 82.0]),
    row(512, 99.04, [5.84, 26.35], [0.12, 0.52], [0.010, 0.13], [42.0, 42.0], [79.0, 80.0]),
    row(1024, 99.05, [21.24, 36.96], [0.25, 0.42], [0.032, 0.11], [32.0, 33.0], [73.0, 74.0]),
    row(2048, 98.99, [44.30, 49.36], [0.36, 0.39], [0.075, 0.11], [19.0, 19.0], [72.0, 73.0]),
];

#[allow(clippy::approx_constant, reason = "the printed 3.14 is a measurement")]
const TABLE_1_C1: [Row; 8] = [
    row(16, 77.68, [0.64, 32.78], [2.69, 200.7], [0.05, 20.41], [48.07, 30.38], [72.67, 42.70]),
    row(32, 76.77, [0.97, 45.28], [3.43, 234.5], [0.05, 23.55], [49.04, 31.23], [72.63, 43.30]),
    row(64, 77.32, [0.77, 48.06], [3.14, 195.0], [0.04, 21.47], [50.40, 32.59], [73.85, 44.76]),
    row(128, 78.84, [1.33, 137.5], [1.41, 128.1], [0.02, 13.98], [33.15, 25.2], [57.69, 39.09]),
    row(256, 78.54, [3.34, 338.3], [1.51, 132.4], [0.02, 14.08], [25.33, 19.99], [50.10, 34.94]),
    row(512, 79.25, [16.88, 885.6], [1.97, 100.0], [0.04, 10.42], [14.17, 12.94], [28.54, 25.08]),
    row(1024, 78.50, [51.67, 2372.0], [3.11, 146.9], [0.05, 13.33], [8.80, 8.40], [23.99, 21.57]),
    row(2048, 77.31, [80.18, 3769.0], [5.18, 240.2], [0.06, 18.08], [4.14, 3.77], [17.42, 16.31]),
];

const TABLE_1_C2: [Row; 4] = [
    row(256, 79.20, [0.62, 28.0], [12.10, 704.0], [0.10, 41.95], [57.0, 38.0], [73.0, 47.0]),
    row(512, 80.44, [0.75, 57.0], [4.82, 425.2], [0.03, 26.14], [34.0, 25.0], [54.0, 38.0]),
    row(1024, 79.61, [2.36, 142.0], [0.523, 229.9], [0.04, 17.16], [27.0, 22.0], [46.0, 35.0]),
    row(2048, 78.99, [4.30, 307.0], [0.145, 260.0], [0.50, 17.94], [18.0, 16.0], [33.0, 28.0]),
];

/// The rows of a network on data, the name of the table, and its budgets, the smaller first.
fn table(model: &str, data: &str) -> Option<(&'static [Row], &'static str, [f64; 2])> {
    match (model, data) {
        ("m1", "mnist") => Some((&TABLE_7, "Table 7", [0.1, 0.2])),
        ("c1", "cifar10") => Some((&TABLE_1_C1, "Table 1", [0.01, 0.02])),
        ("c2", "cifar10") => Some((&TABLE_1_C2, "Table 1", [0.01, 0.02])),
        _ => None,
    }
}

/// Ours and the paper's below each other, for the batch sizes that both have; none for another network or other data.
pub(super) fn recalled(report: &LargeBatchReport) -> Option<DataTable> {
    // A network with options, such as a narrower one, is another network.
    let own = report.model.options.is_empty().then_some(report.model.name.as_str())?;
    let (rows, printed, [weak, strong]) = table(own, &report.data.name)?;
    type Theirs = fn(&Row) -> f64;
    let attacked = |epsilon| quantity::attacked("FGSM", epsilon, false);
    // Accuracies of ours are shares, those of the paper per cent.
    let columns: [(&str, String, f64, Theirs); 9] = [
        ("test acc. / %", "test_accuracy".to_string(), 100.0, |r| r.test_accuracy),
        ("λ₁ train", "lambda_train".to_string(), 1.0, |r| r.lambda[0]),
        ("λ₁ test", "lambda_test".to_string(), 1.0, |r| r.lambda[1]),
        ("λ₁ˣ train", "input_lambda_train".to_string(), 1.0, |r| r.input_lambda[0]),
        ("λ₁ˣ test", "input_lambda_test".to_string(), 1.0, |r| r.input_lambda[1]),
        ("‖∇ₓ‖ train", "input_gradient_train".to_string(), 1.0, |r| r.gradient[0]),
        ("‖∇ₓ‖ test", "input_gradient_test".to_string(), 1.0, |r| r.gradient[1]),
        ("FGSM, larger ε, test / %", attacked(strong), 100.0, |r| r.strong[1]),
        ("FGSM, smaller ε, test / %", attacked(weak), 100.0, |r| r.weak[1]),
    ];
    let ours = |batch: usize| report.groups.iter().find(|g| g.batch_size == batch && g.variant == Variant::Plain);
    let pairs = rows.iter().filter_map(|theirs| Some((theirs, ours(theirs.batch)?)));
    let rows: Vec<Vec<Cell>> = pairs
        .flat_map(|(theirs, group)| {
            let own = columns.iter().map(|(_, name, factor, _)| {
                group.values.get(name).map_or(Cell::none(), |s| Cell::number(factor * s.mean, 4))
            });
            let printed = columns.iter().map(|(.., value)| Cell::number(value(theirs), 4));
            let row = |whose: &str, cells: Vec<Cell>| {
                [Cell::count(theirs.batch), Cell::text(whose)].into_iter().chain(cells).collect::<Vec<Cell>>()
            };
            [row("here", own.collect()), row("paper", printed.collect())]
        })
        .collect();
    if rows.is_empty() {
        return None;
    }
    let titles = ["batch", ""].into_iter().chain(columns.iter().map(|(title, ..)| *title));
    Some(DataTable {
        name: "paper".to_string(),
        caption: format!("Beside {printed} of the paper, recalled."),
        columns: Column::list(titles, &[""]),
        rows,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_recalled_tables_show_the_trends_that_the_paper_names() {
        for rows in [&TABLE_7[..], &TABLE_1_C1, &TABLE_1_C2] {
            let batches: Vec<f64> = rows.iter().map(|r| r.batch as f64).collect();
            let rho = |value: fn(&Row) -> f64| {
                crate::study::spearman(&batches, &rows.iter().map(value).collect::<Vec<f64>>())
            };
            assert!(rho(|r| r.lambda[0]) > 0.97 && rho(|r| r.lambda[1]) > 0.97, "λ₁ rises");
            assert!(rho(|r| r.strong[1]) < -0.8, "accuracy under attack falls");
            assert!(rows.iter().all(|r| r.strong[1] <= r.weak[1] && r.lambda[0] <= r.lambda[1]));
        }
        assert!(table("m1", "glyphs").is_none() && table("c2", "cifar10").is_some());
    }
}
