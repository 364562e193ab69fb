//! The study of large batches, for people and for spreadsheets.

use super::{CellReport, CurvaturePart, LargeBatchReport};
use crate::report::{Align, Table, grouped, percent, seconds, significant, tiny};
use std::fmt::Write as _;

/// The table, the answer in one sentence, and what to keep in mind.
pub fn large_batch_text(report: &LargeBatchReport) -> String {
    let first = report.cells.first();
    let samples =
        |part: fn(&CellReport) -> Option<&CurvaturePart>| grouped(first.and_then(part).map_or(0, |p| p.samples));
    let options = &report.options;
    // Writing to a String cannot fail.
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{} ({} parameters) on {}: {} training and {} test samples, SGD with momentum {} to a training loss of {}.",
        report.model.name,
        grouped(report.model.parameters),
        report.data.name,
        grouped(report.data.samples),
        grouped(report.test_data.samples),
        options.momentum,
        options.target_loss
    );
    let _ = writeln!(
        text,
        "λ₁: largest eigenvalue of the Hessian of the mean loss over the first {} training and {} test samples.\n",
        samples(|c| c.train.as_ref()),
        samples(|c| c.test.as_ref())
    );
    let _ = write!(text, "{}", table(report));
    let _ = writeln!(text, "\n{}", answer(report));
    for remark in remarks(report) {
        let _ = writeln!(text, "{remark}");
    }
    let _ = writeln!(text, "{} in all.", seconds(report.seconds));
    text
}

/// What to keep in mind.
pub(super) fn remarks(report: &LargeBatchReport) -> Vec<String> {
    let options = &report.options;
    let missed: Vec<String> =
        report.cells.iter().filter(|c| !c.target_reached).map(|c| grouped(c.batch_size)).collect();
    let mut remarks = Vec::new();
    if !missed.is_empty() {
        remarks.push(format!(
            "Batch size {} did not reach the loss {} in {} epochs: compare with care, or allow more epochs.",
            missed.join(", "),
            options.target_loss,
            options.epochs
        ));
    }
    if !report.converged {
        remarks.push(format!("Not every eigenvalue is within the tolerance {}; see the residuals.", options.tolerance));
    }
    remarks
}

fn table(report: &LargeBatchReport) -> Table {
    let right = |name| (name, Align::Right);
    let mut table = Table::new(&[
        right("batch"),
        right("rate"),
        right("epochs"),
        right("steps"),
        right("train loss"),
        right("train acc"),
        right("test loss"),
        right("test acc"),
        right("λ₁ train"),
        right("residual"),
        right("λ₁ test"),
        right("residual"),
    ]);
    for cell in &report.cells {
        let lambda = |part: &Option<CurvaturePart>| match part.as_ref().and_then(|p| p.largest.first()) {
            Some(pair) => [significant(pair.value, 4), tiny(pair.residual)],
            None => ["none".to_string(), String::new()],
        };
        let [train, train_residual] = lambda(&cell.train);
        let [test, test_residual] = lambda(&cell.test);
        table.row([
            grouped(cell.batch_size),
            significant(cell.rate, 3),
            cell.epochs.to_string(),
            grouped(cell.steps),
            significant(cell.train_loss, 3),
            percent(cell.train_accuracy),
            significant(cell.test_loss, 3),
            percent(cell.test_accuracy),
            train,
            train_residual,
            test,
            test_residual,
        ]);
    }
    table
}

/// Whether the largest eigenvalue of the training Hessian rises with the batch size, in one sentence.
pub(super) fn answer(report: &LargeBatchReport) -> String {
    let (Some(first), Some(last), Some(rho)) = (report.cells.first(), report.cells.last(), report.spearman.train)
    else {
        return "Whether λ₁ rises with the batch size cannot be said: it takes at least two batch sizes.".to_string();
    };
    let verdict = match rho {
        r if r >= 0.8 => "rises with the batch size",
        r if r <= -0.8 => "falls with the batch size",
        _ => "shows no clear trend with the batch size",
    };
    let span = |part: fn(&CellReport) -> Option<&CurvaturePart>| {
        let at = |cell| part(cell).map_or(f64::NAN, CurvaturePart::lambda);
        format!(
            "{} at {} to {} at {}",
            significant(at(first), 3),
            grouped(first.batch_size),
            significant(at(last), 3),
            grouped(last.batch_size)
        )
    };
    let mut text = format!(
        "λ₁ of the training Hessian {verdict}: {} (Spearman {rho:+.2} over {} sizes)",
        span(|c| c.train.as_ref()),
        report.cells.len()
    );
    if let Some(test) = report.spearman.test {
        let _ = write!(text, "; on the test samples {} ({test:+.2})", span(|c| c.test.as_ref()));
    }
    text.push('.');
    text
}

/// One line for each batch size, with every eigenvalue.
pub(super) fn csv(report: &LargeBatchReport) -> String {
    let mut text =
        "batch_size,rate,epochs,steps,target_reached,train_loss,train_accuracy,test_loss,test_accuracy".to_string();
    for split in ["train", "test"] {
        for i in 1..=report.options.top {
            let _ = write!(text, ",lambda{i}_{split},residual{i}_{split}");
        }
        let _ = write!(text, ",gradient_norm_{split}");
    }
    text.push('\n');
    for c in &report.cells {
        let _ = write!(
            text,
            "{},{},{},{},{},{},{},{},{}",
            c.batch_size,
            c.rate,
            c.epochs,
            c.steps,
            c.target_reached,
            c.train_loss,
            c.train_accuracy,
            c.test_loss,
            c.test_accuracy
        );
        for part in [&c.train, &c.test] {
            for i in 0..report.options.top {
                match part.as_ref().and_then(|p| p.largest.get(i)) {
                    Some(pair) => {
                        let _ = write!(text, ",{},{}", pair.value, pair.residual);
                    }
                    None => text.push_str(",,"),
                }
            }
            let _ = write!(text, ",{}", part.as_ref().map_or(String::new(), |p| p.gradient_norm.to_string()));
        }
        text.push('\n');
    }
    text
}
