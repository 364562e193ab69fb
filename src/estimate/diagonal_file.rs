//! The diagonal as a safetensors file: one tensor for each parameter, of its name and shape, and beside it the standard
//! errors.

use super::{Diagonal, Point};
use crate::problem::ProblemError;
use crate::spectrum::SpectrumError;
use crate::weights::{StateDict, TensorData, Values, write_safetensors};
use hesse_core::program::Wrt;
use std::collections::BTreeMap;
use std::path::Path;

/// Appended to a parameter's name for the errors of its entries.
const ERRORS: &str = ".standard_error";

/// Writes entries and errors in f64.
pub(super) fn write(path: &Path, point: &Point<'_>, diagonal: &Diagonal) -> Result<(), SpectrumError> {
    let estimate = &diagonal.estimate;
    let all = point.session.graph().parameters();
    let Wrt::Parameters(selected) = point.wrt else { return Ok(()) };
    let mut tensors = StateDict::new();
    let mut from = 0;
    for parameter in selected.iter().filter_map(|&i| all.get(i)) {
        let range = from..from + parameter.elements();
        from = range.end;
        let part = |values: &[f64]| values.get(range.clone()).map(<[f64]>::to_vec).unwrap_or_default();
        for (suffix, values) in [("", &estimate.values), (ERRORS, &estimate.standard_errors)] {
            let tensor = TensorData { shape: parameter.shape.clone(), values: Values::F64(part(values)) };
            tensors.insert(format!("{}{suffix}", parameter.name), tensor);
        }
    }
    let metadata = BTreeMap::from([
        ("schema".to_string(), "hesse.diagonal/1".to_string()),
        ("what".to_string(), "diagonal of the Hessian of the mean loss, with standard errors over probes".to_string()),
        ("method".to_string(), diagonal.method.clone()),
        ("samples".to_string(), estimate.samples.to_string()),
        ("products".to_string(), estimate.products.to_string()),
        ("reason".to_string(), estimate.reason.to_string()),
    ]);
    Ok(write_safetensors(path, &tensors, &metadata).map_err(ProblemError::from)?)
}
