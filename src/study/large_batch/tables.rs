//! The tables of the report.

use super::cell::{CellReport, Variant};
use super::group::{Group, Statistic};
use super::quantity::{self, Expected, Kind, Quantity};
use super::report::LargeBatchReport;
use crate::report::{Cell, Column, DataTable, grouped, percent, signed, significant};

/// A mean, with its spread where there are several seeds.
pub(super) fn shown(kind: Kind, statistic: Option<&Statistic>) -> Cell {
    let Some(s) = statistic else { return Cell::none() };
    let one = |value: f64, digits: usize| match kind {
        Kind::Count if value.fract() == 0.0 => grouped(value as usize),
        Kind::Count => format!("{value:.1}"),
        Kind::Number => significant(value, digits),
        Kind::Share => percent(value).trim_end_matches(" %").to_string(),
    };
    let unit = if kind == Kind::Share { " %" } else { "" };
    let shown = match s.spread {
        Some(spread) => format!("{} ± {}{unit}", one(s.mean, 4), one(spread, 2)),
        None => format!("{}{unit}", one(s.mean, 4)),
    };
    Cell { shown, full: Some(s.mean.to_string()) }
}

/// Rows of groups with these quantities as columns.
fn of(report: &LargeBatchReport, name: &str, caption: &str, wanted: &[&str]) -> Option<DataTable> {
    rows((&report.groups, &report.options.epsilons), name, caption, wanted)
}

/// The same of groups that were attacked with these budgets.
pub(super) fn rows(
    (groups, epsilons): (&[Group], &[f64]),
    name: &str,
    caption: &str,
    wanted: &[&str],
) -> Option<DataTable> {
    let quantities = quantity::all(epsilons);
    let picked: Vec<&Quantity> = wanted.iter().filter_map(|w| quantities.iter().find(|q| q.name == *w)).collect();
    let measured = |q: &&&Quantity| groups.iter().any(|g| g.values.contains_key(&q.name));
    let picked: Vec<&Quantity> = picked.iter().filter(measured).copied().collect();
    if picked.is_empty() {
        return None;
    }
    let titles = ["training", "batch"].into_iter().chain(picked.iter().map(|q| q.title.as_str()));
    let row = |g: &Group| {
        let first = [Cell::text(g.variant.to_string()), Cell::count(g.batch_size)].into_iter();
        first.chain(picked.iter().map(|q| shown(q.kind, g.values.get(&q.name)))).collect()
    };
    Some(DataTable {
        name: name.to_string(),
        caption: caption.to_string(),
        columns: Column::list(titles, &["training"]),
        rows: groups.iter().map(row).collect(),
    })
}

/// Where each training ended.
pub(super) fn main(report: &LargeBatchReport) -> Option<DataTable> {
    let wanted = ["epochs", "steps", "train_loss", "train_accuracy", "test_accuracy", "lambda_train", "lambda_test"];
    of(report, "large-batch", "Where each training ended, and how sharp the loss is there.", &wanted)
}

/// Curvature and slope in the input.
pub(super) fn inputs(report: &LargeBatchReport) -> Option<DataTable> {
    let wanted = [
        "input_lambda_train",
        "input_lambda_test",
        "input_lambda_mean_test",
        "input_gradient_train",
        "input_gradient_test",
        "gradient_norm_train",
        "gradient_norm_test",
    ];
    let caption = "The largest λ₁ of any sample's input Hessian, its mean, the gradient of the summed loss by all pixels, and \
                   the gradient of the mean loss by the weights.";
    of(report, "inputs", caption, &wanted)
}

/// Accuracy under one attack.
pub(super) fn attacked(report: &LargeBatchReport, attack: &str) -> Option<DataTable> {
    let budgets = report.options.epsilons.iter().rev();
    let names: Vec<String> = budgets.flat_map(|e| [true, false].map(|t| quantity::attacked(attack, *e, t))).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let caption = format!("Accuracy under {attack} on the network itself, L∞.");
    of(report, &format!("attacked-{}", attack.to_lowercase()), &caption, &names)
}

fn rho(value: Option<f64>) -> Cell {
    value.map_or(Cell::none(), |rho| Cell { shown: signed(rho), full: Some(rho.to_string()) })
}

/// What becomes of each quantity as the batch grows.
pub(super) fn trends(report: &LargeBatchReport) -> DataTable {
    let row = |t: &super::Trend| {
        vec![
            Cell::text(&t.title),
            rho(t.plain),
            rho(t.robust),
            Cell::text(match t.expected {
                Expected::Rises => "rises",
                Expected::Falls => "falls",
                Expected::NoTrend => "no trend",
            }),
            Cell::text(match t.reproduces() {
                Some(true) => "yes",
                Some(false) => "no",
                None => "–",
            }),
        ]
    };
    DataTable {
        name: "trends".to_string(),
        caption: "Spearman's rank correlation of each quantity (mean over the seeds) with the batch size.".to_string(),
        columns: Column::list(["quantity", "plain", "robust", "paper", "as in the paper"], &["quantity"]),
        rows: report.trends.iter().map(row).collect(),
    }
}

/// What goes with the accuracy under attack.
pub(super) fn predictions(report: &LargeBatchReport) -> Option<DataTable> {
    let quantities = quantity::all(&report.options.epsilons);
    let title = |name: &str| quantities.iter().find(|q| q.name == name).map_or(name.to_string(), |q| q.title.clone());
    let of = report.predictions.first().map(|p| title(&p.of))?;
    Some(DataTable {
        name: "predictions".to_string(),
        caption: format!(
            "Spearman's rank correlation with the accuracy under {of}, over the batch sizes of plain training."
        ),
        columns: Column::list(["quantity", "correlation"], &["quantity"]),
        rows: report.predictions.iter().map(|p| vec![Cell::text(title(&p.quantity)), rho(p.spearman)]).collect(),
    })
}

/// λ₁ of robust networks over that of plain ones.
pub(super) fn ratios(report: &LargeBatchReport) -> Option<DataTable> {
    if report.ratios.is_empty() {
        return None;
    }
    let row = |r: &super::Ratio| {
        vec![Cell::count(r.batch_size), shown(Kind::Number, Some(&r.train)), shown(Kind::Number, Some(&r.test))]
    };
    Some(DataTable {
        name: "ratios".to_string(),
        caption: "λ₁ after robust training over λ₁ after plain training, at the same loss on clean samples."
            .to_string(),
        columns: Column::list(["batch", "train", "test"], &[]),
        rows: report.ratios.iter().map(row).collect(),
    })
}

/// All eigenvalues of the first seed's cells: a row for each rank, because there are more ranks than cells.
pub(super) fn eigenvalues(report: &LargeBatchReport) -> DataTable {
    let cells: Vec<&CellReport> = first_seed(report).collect();
    let headings = cells.iter().map(|c| format!("{} {}", c.variant, grouped(c.batch_size)));
    let row = |name: String, value: &dyn Fn(&CellReport) -> Cell| -> Vec<Cell> {
        std::iter::once(Cell::text(name)).chain(cells.iter().map(|c| value(c))).collect()
    };
    let of_rank = |k: usize| {
        row(format!("λ{}", subscript(k + 1)), &move |c| {
            c.train.largest.get(k).map_or(Cell::none(), |e| Cell::number(e.value, 4))
        })
    };
    let worst = |c: &CellReport| Cell::tiny(c.train.largest.iter().map(|e| e.residual).fold(0.0, f64::max));
    let mut rows: Vec<Vec<Cell>> = (0..report.options.top).map(of_rank).collect();
    rows.push(row("largest residual".to_string(), &worst));
    rows.push(row("products".to_string(), &|c| Cell::count(c.train.products)));
    DataTable {
        name: "eigenvalues".to_string(),
        caption: "The largest eigenvalues of the training Hessian, first seed.".to_string(),
        columns: Column::list(std::iter::once("rank".to_string()).chain(headings), &["rank"]),
        rows,
    }
}

/// The cells of the first seed, plain ones first.
pub(super) fn first_seed(report: &LargeBatchReport) -> impl Iterator<Item = &CellReport> {
    let seed = report.cells.first().map(|c| c.seed);
    let of = move |variant| report.cells.iter().filter(move |c| Some(c.seed) == seed && c.variant == variant);
    of(Variant::Plain).chain(of(Variant::Robust))
}

fn subscript(number: usize) -> String {
    number.to_string().chars().filter_map(|c| char::from_u32(0x2080 + c.to_digit(10)?)).collect()
}
