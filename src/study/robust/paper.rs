//! The paper's own figures beside ours, where it has any: its Table 4 for M1 on MNIST and Table 8 for C3 on CIFAR-10.
//!
//! Recalled from memory and not checked against the page: trends, not thresholds. They are shown only beside the network
//! and data they belong to.

/// Accuracy in percent on the set of one attack after training against one.
pub(super) struct PaperRow {
    /// Label of the attack trained against; none for the original.
    pub trained_against: Option<&'static str>,
    /// On clean samples.
    pub clean: f64,
    /// On the sets of [`COLUMNS`].
    pub sets: [f64; 5],
}

/// Labels of the columns.
pub(super) const COLUMNS: [&str; 5] = ["fgsm", "fgsm10", "l2grad", "fhsm", "l2hess"];

const fn row(trained_against: Option<&'static str>, clean: f64, sets: [f64; 5]) -> PaperRow {
    PaperRow { trained_against, clean, sets }
}

const TABLE_4: [PaperRow; 6] = [
    row(None, 99.32, [60.37, 77.27, 14.32, 82.04, 33.21]),
    row(Some("fgsm"), 99.49, [96.18, 97.44, 63.46, 97.56, 83.33]),
    row(Some("fgsm10"), 99.5, [96.52, 97.63, 66.15, 97.66, 84.64]),
    row(Some("l2grad"), 98.91, [96.88, 97.39, 86.23, 97.66, 92.56]),
    row(Some("fhsm"), 99.45, [94.41, 96.48, 52.67, 96.89, 77.58]),
    row(Some("l2hess"), 98.72, [95.02, 96.49, 77.18, 97.43, 90.33]),
];

const TABLE_8: [PaperRow; 6] = [
    row(None, 79.46, [15.25, 4.46, 12.37, 28.64, 22.93]),
    row(Some("fgsm"), 71.82, [63.05, 63.44, 57.68, 66.04, 62.36]),
    row(Some("fgsm10"), 71.14, [63.32, 63.88, 58.25, 65.95, 62.70]),
    row(Some("l2grad"), 63.52, [59.33, 59.73, 57.35, 60.44, 58.98]),
    row(Some("fhsm"), 74.34, [47.65, 43.95, 38.45, 62.75, 55.77]),
    row(Some("l2hess"), 71.59, [50.05, 46.66, 42.95, 62.87, 58.42]),
];

/// The table for a network on data, with its name.
pub(super) fn table(model: &str, data: &str) -> Option<(&'static str, &'static [PaperRow])> {
    match (model, data) {
        ("m1", "mnist") => Some(("Table 4", &TABLE_4)),
        ("c3", "cifar10") => Some(("Table 8", &TABLE_8)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_papers_rows_match_their_mean_columns() {
        let means = [53.44, 87.59, 88.52, 94.14, 83.60, 91.29];
        for (row, mean) in TABLE_4.iter().zip(means) {
            assert!((row.sets.iter().sum::<f64>() / 5.0 - mean).abs() < 0.011, "{:?}", row.trained_against);
        }
        let means = [16.73, 62.51, 62.82, 59.16, 49.71, 52.19];
        for (row, mean) in TABLE_8.iter().zip(means) {
            assert!((row.sets.iter().sum::<f64>() / 5.0 - mean).abs() < 0.011, "{:?}", row.trained_against);
        }
        assert!(table("m1", "glyphs").is_none() && table("m1", "mnist").is_some());
    }
}
