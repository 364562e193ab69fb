//! The tables of the comparison.

use super::super::cell::Variant;
use super::super::quantity::{self, Kind};
use super::super::tables::{rows, shown};
use super::LargeBatchMethodReport;
use super::answer::title;
use crate::report::{Cell, Column, DataTable};

/// The paper's Table 3: batch sizes × methods.
pub(super) fn main(report: &LargeBatchMethodReport) -> DataTable {
    let methods = [Variant::Plain, Variant::Scaled, Variant::Robust];
    let cell = |batch: usize, method: Variant| match (report.group(batch, method), report.diverged(batch, method)) {
        (None, (0, _)) => Cell::none(),
        (None, _) => Cell { shown: "diverged".to_string(), full: Some("diverged".to_string()) },
        (Some(group), (diverged, of)) => {
            let mut cell = shown(Kind::Share, group.values.get("test_accuracy"));
            if diverged > 0 {
                cell.shown.push_str(&format!(", {diverged} of {of} diverged"));
            }
            cell
        }
    };
    let row = |batch: &usize| std::iter::once(Cell::count(*batch)).chain(methods.map(|m| cell(*batch, m))).collect();
    DataTable {
        name: "methods".to_string(),
        caption: "Test accuracy by batch size and method (the paper's Table 3, whose numbers are not known to us)."
            .to_string(),
        columns: Column::list(std::iter::once("batch").chain(methods.map(title)), &[]),
        rows: report.options.batch_sizes.iter().map(row).collect(),
    }
}

/// Where each training ended.
pub(super) fn endings(report: &LargeBatchMethodReport) -> Option<DataTable> {
    let of = (report.groups.as_slice(), report.options.epsilons.as_slice());
    let fixed = ["epochs", "steps", "train_loss", "train_accuracy", "test_accuracy", "lambda_train", "lambda_test"];
    let attacked: Vec<String> = report.options.epsilons.iter().map(|e| quantity::attacked("FGSM", *e, false)).collect();
    let wanted: Vec<&str> = fixed.into_iter().chain(attacked.iter().map(String::as_str)).collect();
    rows(of, "endings", "Where each training ended, and how sharp the loss is there.", &wanted)
}
