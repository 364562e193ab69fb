//! What it takes to repeat a study, as the last part of its report: the same names in the same order for all.

use crate::report::BackendPart;
use crate::train::TrainManifest;

/// The manifest of the first training, the machine, and what is special to a study.
pub(super) fn of<const N: usize>(
    manifest: &TrainManifest,
    backend: &BackendPart,
    own: [(&str, String); N],
) -> Vec<(String, String)> {
    let m = manifest;
    let common = [
        ("version", m.version.clone()),
        ("command", m.command.join(" ")),
        ("seed", m.seed.to_string()),
        ("backend", format!("{} {} {}", backend.name, backend.device, backend.dtype)),
        ("machine", format!("{}, {} threads", m.device_details, m.threads)),
        ("data", m.data.clone()),
        ("SHA-256 of the training samples", m.data_sha256.clone()),
        ("SHA-256 of the test samples", m.test_data_sha256.clone()),
        ("SHA-256 of the first initial weights", m.initial_weights_sha256.clone()),
        ("SHA-256 of the first training", m.run_sha256.clone()),
        ("normalisation", m.normalize.clone().unwrap_or_else(|| "none".to_string())),
    ];
    common.into_iter().chain(own).map(|(name, value)| (name.to_string(), value)).collect()
}
