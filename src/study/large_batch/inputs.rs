//! The input Hessians of a cell's samples: each of its own loss, not divided by the number of samples.

use super::cell::Side;
use crate::spectrum::inputs::{Distribution, InputOptions, measure_inputs};
use crate::spectrum::{self, SpectrumError};
use crate::study::kept::kept;
use crate::study::{Event, StudyError, Watch};
use serde::{Deserialize, Serialize};

/// Curvature and slope of the per-sample loss in pixels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InputPart {
    /// How many samples.
    pub samples: usize,
    /// λ₁ of each sample's Hessian.
    pub largest: Distribution,
    /// Euclidean norm of all samples' gradients together: the gradient of the summed loss by all pixels.
    pub gradient_norm: f64,
    /// Norms of the samples' own gradients.
    pub gradient_norms: Distribution,
    /// `logits` (closed form) or `lanczos`.
    pub method: String,
    /// Whether every residual is within the tolerance.
    pub converged: bool,
}

/// Measures a split, or takes what an earlier call left; none where it was not asked for.
pub(super) fn measure(side: &mut Side<'_>, watch: &mut Watch<'_>) -> Result<Option<InputPart>, StudyError> {
    if !side.options.inputs {
        return Ok(None);
    }
    let wanted = InputOptions { tolerance: side.options.tolerance, ..InputOptions::default() };
    let key = side.key(&format!("inputs tolerance {} products {}", wanted.tolerance, wanted.max_products));
    let of = side.split.to_string();
    let name = side.cell.name(side.options);
    let part = kept(&side.file("inputs"), &key, || {
        let observe = &mut watch.observe;
        let mut follow = |event| observe(Event::Curvature { of: &of, event });
        let mut following = spectrum::Watch { observe: &mut follow, stop: watch.stop };
        let found = match measure_inputs(side.session()?, &wanted, &mut following) {
            Ok(found) if !found.interrupted => found,
            Ok(_) => return Err(side.interrupted("measuring input Hessians at")),
            Err(cause) if cause.is_interruption() || (watch.stop)() => {
                return Err(side.interrupted("measuring input Hessians at"));
            }
            Err(cause) => return Err(StudyError::Spectrum { cell: name, cause }),
        };
        let norms = || found.samples.iter().map(|s| s.gradient_norm);
        let nothing = || StudyError::Spectrum { cell: side.cell.name(side.options), cause: SpectrumError::Interrupted };
        Ok(InputPart {
            samples: found.samples.len(),
            largest: Distribution::of(found.samples.iter().map(|s| s.lambda())).ok_or_else(nothing)?,
            gradient_norm: norms().map(|n| n * n).sum::<f64>().sqrt(),
            gradient_norms: Distribution::of(norms()).ok_or_else(nothing)?,
            method: found.method.to_string(),
            converged: found.converged(),
        })
    })?;
    Ok(Some(part))
}
