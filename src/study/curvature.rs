//! The extreme eigenvalues of a Hessian as part of a study.

use super::{Event, Watch};
use crate::problem::Session;
use crate::spectrum::{self, SpectrumError, SpectrumOptions};
use hesse_core::eigen::{EigenPair, StopReason};
use serde::{Deserialize, Serialize};

/// One eigenvalue with what it is worth.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Eigenvalue {
    /// The eigenvalue.
    pub value: f64,
    /// ‖Hv − λv‖ / |λ₁|.
    pub residual: f64,
    /// Whether the residual is within the tolerance.
    pub converged: bool,
}

impl From<&EigenPair> for Eigenvalue {
    fn from(pair: &EigenPair) -> Self {
        Eigenvalue { value: pair.value, residual: pair.residual, converged: pair.converged }
    }
}

/// The curvature of the mean loss over some samples, at the end of a training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CurvaturePart {
    /// Hash of everything it depends on.
    pub key: String,
    /// How many samples.
    pub samples: usize,
    /// Their mean loss.
    pub loss: f64,
    /// Share of them classified correctly.
    pub accuracy: f64,
    /// Euclidean norm of the mean loss's gradient.
    pub gradient_norm: f64,
    /// The largest eigenvalues of the Hessian, falling.
    pub largest: Vec<Eigenvalue>,
    /// The smallest, rising; only where they were asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub smallest: Vec<Eigenvalue>,
    /// Whether all are within the tolerance.
    pub converged: bool,
    /// Products spent.
    pub products: usize,
    /// Seconds in all.
    pub seconds: f64,
    /// What a reader should know.
    pub notices: Vec<String>,
}

impl CurvaturePart {
    /// The largest eigenvalue; NaN where none was found.
    pub fn lambda(&self) -> f64 {
        self.largest.first().map_or(f64::NAN, |pair| pair.value)
    }
}

/// Measures a session's Hessian; `of` says in the progress what it is of, and `vectors` how many of the leading
/// eigenvectors are returned beside it.
///
/// # Errors
/// Where it cannot be measured or was interrupted.
pub(super) fn measure(
    session: &Session,
    wanted: &SpectrumOptions,
    (key, of, vectors): (String, &str, usize),
    watch: &mut Watch<'_>,
) -> Result<(CurvaturePart, Vec<Vec<f64>>), SpectrumError> {
    let observe = &mut watch.observe;
    let mut spectrum_watch =
        spectrum::Watch { observe: &mut |event| observe(Event::Curvature { of, event }), stop: watch.stop };
    let found = spectrum::measure(session, wanted, &mut spectrum_watch)?;
    if found.eigen.reason == StopReason::Interrupted {
        return Err(SpectrumError::Interrupted);
    }
    let space = session.backend().space(found.dimension, session.backend().info().precision);
    let leading = found.eigen.largest.iter().take(vectors);
    let vectors = leading.map(|pair| space.read(&found.eigen.vectors, pair.column)).collect::<Result<_, _>>()?;
    let part = CurvaturePart {
        key,
        samples: found.evaluation.samples,
        loss: found.evaluation.loss,
        accuracy: found.evaluation.accuracy,
        gradient_norm: found.evaluation.gradient_norm.unwrap_or(f64::NAN),
        converged: found.converged(wanted),
        largest: found.eigen.largest.iter().map(Eigenvalue::from).collect(),
        smallest: found.eigen.smallest.iter().map(Eigenvalue::from).collect(),
        products: found.eigen.statistics.products,
        seconds: found.seconds,
        notices: session.notices().iter().chain(&found.notices).cloned().collect(),
    };
    Ok((part, vectors))
}
