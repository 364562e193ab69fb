//! One line for each number, for spreadsheets: the matrices have as many columns as there are attacks, which a table of
//! fixed columns cannot hold.

use super::RobustReport;
use std::fmt::Write as _;

/// `model,quantity,of,value`.
pub(super) fn csv(report: &RobustReport) -> String {
    let mut text = "model,quantity,of,value\n".to_string();
    let mut line = |model: &str, quantity: &str, of: &str, value: f64| {
        let _ = writeln!(text, "{model},{quantity},{of},{value}"); // writing to a String cannot fail
    };
    for model in &report.models {
        let name = model.name.as_str();
        line(name, "test_accuracy", "clean", model.test_accuracy);
        line(name, "test_loss", "clean", model.test_loss);
        for (i, attack) in report.attacks.iter().enumerate() {
            let values = [("transfer", model.transfer.get(i)), ("white_box", model.white_box.get(i))];
            for (quantity, value) in values {
                value.iter().for_each(|v| line(name, quantity, &attack.label, **v));
            }
        }
        line(name, "transfer", "mean", model.transfer_mean);
        line(name, "white_box", "mean", model.white_box_mean);
        for cell in &model.spectra {
            let samples = cell.found.samples.to_string();
            for (i, pair) in cell.found.largest.iter().enumerate() {
                line(name, &format!("lambda{}", i + 1), &samples, pair.value);
                line(name, &format!("residual{}", i + 1), &samples, pair.residual);
            }
            cell.found.smallest.iter().for_each(|pair| line(name, "smallest", &samples, pair.value));
        }
        for point in model.line.iter().flat_map(|l| &l.points) {
            let alpha = point.alpha.to_string();
            line(name, "line_loss", &alpha, point.loss);
            line(name, "line_accuracy", &alpha, point.accuracy);
            line(name, "line_adversarial_loss", &alpha, point.adversarial_loss);
            line(name, "line_adversarial_accuracy", &alpha, point.adversarial_accuracy);
        }
    }
    text
}
