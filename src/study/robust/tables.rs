//! The tables of the report, once, for every form it takes.

use super::{RobustModel, RobustReport, paper};
use crate::report::{Cell, Column, DataTable, grouped, percent, significant, tiny};

/// Cells under a header, the first column in words.
fn table(name: &str, caption: impl Into<String>, columns: Vec<String>, rows: Vec<Vec<String>>) -> DataTable {
    let column = |(i, heading)| if i == 0 { Column::words(heading) } else { Column::numbers(heading) };
    DataTable {
        name: name.to_string(),
        caption: caption.into(),
        columns: columns.into_iter().enumerate().map(column).collect(),
        rows: rows.into_iter().map(|row| row.into_iter().map(Cell::text).collect()).collect(),
    }
}

/// All of them, in order.
pub(super) fn tables(report: &RobustReport) -> Vec<DataTable> {
    let mut all = vec![
        matrix(report, "transfer", "Accuracy on the sets made on the original network", |m| {
            (&m.transfer, m.transfer_mean)
        }),
        matrix(report, "white-box", "Accuracy under attacks on the network itself", |m| {
            (&m.white_box, m.white_box_mean)
        }),
    ];
    all.extend(recalled(report));
    if report.models.iter().any(|m| !m.spectra.is_empty()) {
        all.push(spectra(report));
    }
    all.push(lines(report));
    all
}

fn matrix(report: &RobustReport, name: &str, title: &str, of: impl Fn(&RobustModel) -> (&Vec<f64>, f64)) -> DataTable {
    let columns = ["trained", "clean"].map(str::to_string).into_iter();
    let columns = columns.chain(report.attacks.iter().map(|a| a.title.clone())).chain(["mean".to_string()]);
    let row = |m: &RobustModel| {
        let (each, mean) = of(m);
        let first = [m.title.clone(), percent(m.test_accuracy)].into_iter();
        first.chain(each.iter().map(|v| percent(*v))).chain([percent(mean)]).collect()
    };
    table(name, title, columns.collect(), report.models.iter().map(row).collect())
}

/// The paper's table, for the same attacks as far as it has them.
fn recalled(report: &RobustReport) -> Option<DataTable> {
    // A network with options, such as a narrower one, is another network.
    let own = report.model.options.is_empty().then_some(report.model.name.as_str())?;
    let (printed, rows) = paper::table(own, &report.data.name)?;
    let shown: Vec<usize> =
        (0..paper::COLUMNS.len()).filter(|i| report.attacks.iter().any(|a| a.label == paper::COLUMNS[*i])).collect();
    let title_of = |label: &str| report.attacks.iter().find(|a| a.label == label).map(|a| a.title.clone());
    let columns = ["trained", "clean"].map(str::to_string).into_iter();
    let columns = columns.chain(shown.iter().filter_map(|i| title_of(paper::COLUMNS[*i]))).collect();
    let rows = rows.iter().filter_map(|row| {
        let title = match row.trained_against {
            None => "original".to_string(),
            Some(label) => format!("against {}", title_of(label)?),
        };
        let first = [title, format!("{:.2} %", row.clean)].into_iter();
        Some(first.chain(shown.iter().map(|i| format!("{:.2} %", row.sets[*i]))).collect())
    });
    Some(table("recalled", format!("The paper's {printed}, recalled"), columns, rows.collect()))
}

fn spectra(report: &RobustReport) -> DataTable {
    let columns = ["trained", "samples", "λ₁", "residual", "λ₂", "smallest", "residual", "loss"];
    let mut rows = Vec::new();
    for model in &report.models {
        for cell in &model.spectra {
            let largest = |i: usize| cell.found.largest.get(i);
            let value =
                |pair: Option<&crate::study::Eigenvalue>| pair.map_or("none".into(), |p| significant(p.value, 4));
            let residual = |pair: Option<&crate::study::Eigenvalue>| pair.map_or(String::new(), |p| tiny(p.residual));
            rows.push(vec![
                model.title.clone(),
                grouped(cell.found.samples),
                value(largest(0)),
                residual(largest(0)),
                value(largest(1)),
                value(cell.found.smallest.first()),
                residual(cell.found.smallest.first()),
                significant(cell.found.loss, 3),
            ]);
        }
    }
    let title = "Both ends of the spectrum of the Hessian of the mean training loss";
    table("spectra", title, columns.map(str::to_string).into(), rows)
}

fn lines(report: &RobustReport) -> DataTable {
    let columns = ["trained", "distance", "barrier", "loss at α = 0", "½", "1", "on its set at 0", "½", "1"];
    let row = |m: &RobustModel| {
        let line = m.line.as_ref()?;
        let at = |alpha: f64| {
            let near = |p: &&super::LinePoint| (p.alpha - alpha).abs();
            line.points.iter().min_by(|a, b| near(a).total_cmp(&near(b)))
        };
        let mut cells = vec![m.title.clone(), significant(line.distance, 3), significant(line.barrier(), 3)];
        cells.extend([0.0, 0.5, 1.0].map(|a| at(a).map_or(String::new(), |p| significant(p.loss, 3))));
        cells.extend([0.0, 0.5, 1.0].map(|a| at(a).map_or(String::new(), |p| percent(p.adversarial_accuracy))));
        Some(cells)
    };
    let title = "On the line from the original to the robust weights";
    table("lines", title, columns.map(str::to_string).into(), report.models.iter().filter_map(row).collect())
}
