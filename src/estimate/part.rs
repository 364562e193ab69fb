//! The estimates as parts of `hesse.spectrum/1`.

use super::{DataError, DensityPart, Diagonal, Estimates, Quantity, Scalar};
use hesse_core::eigen::StopReason;
use serde::Serialize;

/// A number with its error over random probes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScalarPart {
    /// The estimate.
    pub estimate: f64,
    /// Its standard error over random probes; zero where it is exact.
    pub standard_error: f64,
    /// Its standard error over samples of the data; absent unless `--data-error` was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_standard_error: Option<f64>,
    /// Half the width of the confidence interval over probes.
    pub half_width: f64,
    /// Confidence of the interval.
    pub confidence: f64,
    /// `half_width` ÷ |estimate|.
    pub relative_error: f64,
    /// The bound on it that was asked for.
    pub wanted_relative_error: f64,
    /// Whether it was reached.
    pub converged: bool,
    /// Why it ended.
    pub reason: String,
    /// The estimator with its options.
    pub method: String,
    /// Samples that the error was computed from.
    pub samples: usize,
    /// Products spent.
    pub products: usize,
    /// Backward passes of single samples, where it is exact.
    #[serde(skip_serializing_if = "is_zero")]
    pub backward_passes: usize,
    /// Eigenpairs that were left out of the estimate because they are known.
    pub known_pairs: usize,
}

impl ScalarPart {
    fn trace(scalar: &Scalar, data_standard_error: Option<f64>) -> Self {
        let e = &scalar.estimate;
        ScalarPart {
            estimate: e.value,
            standard_error: e.standard_error,
            data_standard_error,
            half_width: e.half_width,
            confidence: scalar.options.goal.confidence,
            relative_error: e.relative_error(),
            wanted_relative_error: scalar.options.goal.relative_error,
            converged: e.reason == StopReason::Converged,
            reason: e.reason.to_string(),
            method: scalar.method.clone(),
            samples: e.samples,
            products: e.products,
            backward_passes: scalar.backward_passes,
            known_pairs: e.known_pairs,
        }
    }

    /// √ of an estimate of the squared norm; errors to first order.
    fn norm(scalar: &Scalar) -> Self {
        let mut part = Self::trace(scalar, None);
        let norm = part.estimate.max(0.0).sqrt();
        let slope = if norm > 0.0 { 0.5 / norm } else { 0.0 };
        part.estimate = norm;
        part.standard_error *= slope;
        part.half_width *= slope;
        part.relative_error *= 0.5;
        part.wanted_relative_error *= 0.5;
        part
    }
}

/// The diagonal; its entries are in the file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DiagonalPart {
    /// The safetensors file: a tensor for each parameter, and one with the suffix `.standard_error`.
    pub file: String,
    /// Euclidean norm of the diagonal.
    pub norm: f64,
    /// √Σ s.e.²: the expected Euclidean error over random probes.
    pub standard_error: f64,
    /// Sum of the entries: the trace, as this estimate sees it.
    pub sum: f64,
    /// Smallest entry.
    pub smallest: f64,
    /// Largest entry.
    pub largest: f64,
    /// Whether the error that was asked for was reached.
    pub converged: bool,
    /// Why it ended.
    pub reason: String,
    /// The estimator with its options.
    pub method: String,
    /// Samples that the errors were computed from.
    pub samples: usize,
    /// Products spent.
    pub products: usize,
    /// Backward passes of single samples, where it is exact.
    #[serde(skip_serializing_if = "is_zero")]
    pub backward_passes: usize,
}

fn is_zero(n: &usize) -> bool {
    *n == 0
}

impl From<&Diagonal> for DiagonalPart {
    fn from(diagonal: &Diagonal) -> Self {
        let e = &diagonal.estimate;
        let (norm, standard_error) = e.norms();
        DiagonalPart {
            file: diagonal.file.clone(),
            norm,
            standard_error,
            sum: e.values.iter().sum(),
            smallest: e.values.iter().copied().fold(f64::INFINITY, f64::min),
            largest: e.values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            converged: e.reason == StopReason::Converged,
            reason: e.reason.to_string(),
            method: diagonal.method.clone(),
            samples: e.samples,
            products: e.products,
            backward_passes: diagonal.backward_passes,
        }
    }
}

/// A number with its error over samples of the data.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FigurePart {
    /// `loss`, `accuracy`, `gradient_norm`, `largest`, `smallest` or `trace`.
    pub quantity: &'static str,
    /// Position among the largest or smallest eigenvalues, from zero.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<usize>,
    /// The number, as the groups give it; for the trace with few probes.
    pub value: f64,
    /// Its standard error over samples.
    pub standard_error: f64,
}

/// Errors of data sampling.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DataErrorPart {
    /// `jackknife` or `bootstrap`.
    pub method: String,
    /// Groups of samples.
    pub groups: usize,
    /// Columns multiplied, each over the whole data once.
    pub products: usize,
    /// One for each number.
    pub figures: Vec<FigurePart>,
}

impl From<&DataError> for DataErrorPart {
    fn from(error: &DataError) -> Self {
        let figure = |f: &super::SampledFigure| {
            let (quantity, index) = match f.quantity {
                Quantity::Loss => ("loss", None),
                Quantity::Accuracy => ("accuracy", None),
                Quantity::GradientNorm => ("gradient_norm", None),
                Quantity::Largest(i) => ("largest", Some(i)),
                Quantity::Smallest(i) => ("smallest", Some(i)),
                Quantity::Trace => ("trace", None),
            };
            FigurePart { quantity, index, value: f.value, standard_error: f.standard_error }
        };
        DataErrorPart {
            method: error.resampling.to_string(),
            groups: error.groups,
            products: error.products,
            figures: error.figures.iter().map(figure).collect(),
        }
    }
}

/// All of them; each is absent unless it was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct EstimateParts {
    /// tr H.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<ScalarPart>,
    /// ‖H‖_F.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frobenius_norm: Option<ScalarPart>,
    /// diag H.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diagonal: Option<DiagonalPart>,
    /// The density of eigenvalues.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub density: Option<DensityPart>,
    /// Errors of data sampling.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_error: Option<DataErrorPart>,
}

impl EstimateParts {
    /// Puts them together. `confidence` is that of the density's bands; `epsilon` that of the computed type.
    pub fn new(estimates: &Estimates, confidence: f64, epsilon: f64) -> Self {
        let data = |quantity| estimates.data_error.as_ref().and_then(|e| e.of(quantity));
        EstimateParts {
            trace: estimates.trace.as_ref().map(|s| ScalarPart::trace(s, data(Quantity::Trace))),
            frobenius_norm: estimates.frobenius.as_ref().map(ScalarPart::norm),
            diagonal: estimates.diagonal.as_ref().map(DiagonalPart::from),
            density: estimates.density.as_ref().map(|(method, density)| {
                DensityPart::new(method, density, &estimates.stick_residuals, confidence, epsilon)
            }),
            data_error: estimates.data_error.as_ref().map(DataErrorPart::from),
        }
    }

    /// Whether there is anything.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
