//! The result of `hesse spectrum` as data: schema `hesse.spectrum/1`.
//!
//! The schema is a promise: fields may be added, none may change its meaning or go.

use super::{LayerSpectrum, Spectrum, SpectrumOptions, tested};
use crate::estimate::EstimateParts;
use crate::problem::{Session, lookup};
use crate::report::{BackendPart, DataPart, Manifest, ModelPart};
use hesse_core::eigen::EigenPair;
use serde::Serialize;

/// One eigenvalue.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Pair {
    /// The eigenvalue.
    pub value: f64,
    /// ‖Hv − λv‖ / |λ₁|.
    pub residual: f64,
    /// Whether the residual is within the tolerance.
    pub converged: bool,
}

impl From<&EigenPair> for Pair {
    fn from(pair: &EigenPair) -> Self {
        Pair { value: pair.value, residual: pair.residual, converged: pair.converged }
    }
}

/// The figures of a self-test, all relative.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct SelfTestPart {
    /// |⟨u, Hv⟩ − ⟨Hu, v⟩|.
    pub symmetry: f64,
    /// ‖H(2u − 3v) − 2Hu + 3Hv‖.
    pub linearity: f64,
    /// ‖Hu − Hu‖ of two runs.
    pub repeatability: f64,
    /// The larger of the last two: no residual is worth less.
    pub noise_floor: f64,
    /// Error of the best finite difference of gradients against Hv.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finite_difference: Option<f64>,
    /// How that error falls with the step, as a power of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finite_difference_order: Option<f64>,
    /// Products spent on the test.
    pub products: usize,
}

/// One layer's own block.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LayerPart {
    /// What the names of its parameters share.
    pub name: String,
    /// Trainable numbers.
    pub parameters: usize,
    /// The algebraically largest eigenvalue of the block.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub largest: Option<Pair>,
    /// The trace of the block.
    pub trace: TracePart,
    /// Its share in the sum of all traces.
    pub share: f64,
    /// Products spent.
    pub products: usize,
}

/// An estimated trace.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct TracePart {
    /// The mean over probes.
    pub estimate: f64,
    /// Its standard error; 0 where it is exact.
    pub standard_error: f64,
}

impl LayerPart {
    fn all(layers: &[LayerSpectrum]) -> Vec<Self> {
        let total: f64 = layers.iter().map(|layer| layer.trace.estimate).sum();
        let part = |layer: &LayerSpectrum| LayerPart {
            name: layer.name.clone(),
            parameters: layer.parameters,
            largest: layer.largest.as_ref().map(Pair::from),
            trace: TracePart { estimate: layer.trace.estimate, standard_error: layer.trace.standard_error },
            share: layer.trace.estimate / total,
            products: layer.products,
        };
        layers.iter().map(part).collect()
    }
}

/// What the completeness probe came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct CompletenessPart {
    /// Whether the last start found nothing that had been missed, and had converged.
    pub confirmed: bool,
    /// Pairs that had been missed, and are in the result now.
    pub missed: usize,
    /// Random starts.
    pub probes: usize,
    /// Products spent on them; `products` holds them too.
    pub products: usize,
}

/// The solver's bookkeeping.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SolverPart {
    /// As registered.
    pub name: String,
    /// The options given.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub options: String,
    /// The bound on the residuals.
    pub tolerance: f64,
    /// The budget.
    pub max_products: usize,
    /// Why it stopped.
    pub reason: String,
    /// Restarts of the basis.
    pub restarts: usize,
    /// Inner products of two vectors.
    pub inner_products: usize,
    /// Gram–Schmidt passes over the basis.
    pub orthogonalizations: usize,
    /// Times the basis became invariant.
    pub breakdowns: usize,
    /// Pairs locked before the end.
    pub locked: usize,
    /// Largest basis held.
    pub basis_size: usize,
    /// The largest |Ritz value| seen.
    pub norm_estimate: f64,
    /// Seconds in products.
    pub product_seconds: f64,
    /// Seconds in orthogonalisation.
    pub orthogonalization_seconds: f64,
}

/// The whole result.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SpectrumReport {
    /// `hesse.spectrum/1`.
    pub schema: &'static str,
    /// The network.
    pub model: ModelPart,
    /// The samples.
    pub data: DataPart,
    /// The machine.
    pub backend: BackendPart,
    /// Which matrix, such as `hessian`.
    pub matrix: String,
    /// Whether what couples different layers was left out.
    pub block_diagonal: bool,
    /// Length of the vectors: the number of parameters differentiated.
    pub dimension: usize,
    /// The mean loss.
    pub loss: f64,
    /// Share of samples whose largest output is their label.
    pub accuracy: f64,
    /// Samples whose largest output is their label.
    pub correct: usize,
    /// ‖∇‖ of the mean loss.
    pub gradient_norm: f64,
    /// Algebraically largest, falling.
    pub largest: Vec<Pair>,
    /// Algebraically smallest, rising.
    pub smallest: Vec<Pair>,
    /// Each layer by itself; absent where that was not asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layers: Option<Vec<LayerPart>>,
    /// Trace, norm, diagonal, density, error of data sampling; each absent unless it was asked for.
    #[serde(flatten)]
    pub estimates: EstimateParts,
    /// Products spent by the solver; those of the self-test are counted there.
    pub products: usize,
    /// Seconds the solver took.
    pub seconds: f64,
    /// Of them, per product.
    pub seconds_per_product: f64,
    /// Seconds in all, without reading the data.
    pub total_seconds: f64,
    /// Whether everything wanted was found within the tolerance.
    pub converged: bool,
    /// The solver's bookkeeping.
    pub solver: SolverPart,
    /// What the completeness probe came to; absent where none was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completeness: Option<CompletenessPart>,
    /// The short self-test; absent where it was left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub self_test: Option<SelfTestPart>,
    /// What it takes to repeat this.
    pub manifest: Manifest,
}

impl SpectrumReport {
    /// Puts a result together.
    pub fn new(session: &Session, options: &SpectrumOptions, spectrum: &Spectrum, command: &[String]) -> Self {
        let statistics = &spectrum.eigen.statistics;
        // The options were checked before the solver ran.
        let (name, given) = lookup::solver(&options.solver)
            .map_or_else(|_| (options.solver.clone(), String::new()), |(e, o)| (e.name.to_string(), o.to_string()));
        SpectrumReport {
            schema: "hesse.spectrum/1",
            model: session.model_part(),
            data: session.data_part(),
            backend: session.backend_part(),
            matrix: options.matrix.to_string(),
            block_diagonal: options.block_diagonal,
            dimension: spectrum.dimension,
            loss: spectrum.evaluation.loss,
            accuracy: spectrum.evaluation.accuracy,
            correct: spectrum.evaluation.correct,
            gradient_norm: spectrum.evaluation.gradient_norm.unwrap_or(f64::NAN),
            largest: spectrum.eigen.largest.iter().map(Pair::from).collect(),
            smallest: spectrum.eigen.smallest.iter().map(Pair::from).collect(),
            layers: spectrum.layers.as_deref().map(LayerPart::all),
            estimates: spectrum.estimate_parts(session, options),
            products: statistics.products,
            seconds: statistics.seconds,
            seconds_per_product: statistics.product_seconds / statistics.products.max(1) as f64,
            total_seconds: spectrum.seconds,
            converged: spectrum.converged(options),
            solver: SolverPart {
                name,
                options: given,
                tolerance: options.tolerance,
                max_products: options.max_products,
                reason: spectrum.eigen.reason.to_string(),
                restarts: statistics.restarts,
                inner_products: statistics.inner_products,
                orthogonalizations: statistics.orthogonalizations,
                breakdowns: statistics.breakdowns,
                locked: statistics.locked,
                basis_size: statistics.basis_size,
                norm_estimate: statistics.norm_estimate,
                product_seconds: statistics.product_seconds,
                orthogonalization_seconds: statistics.orthogonalization_seconds,
            },
            completeness: spectrum.completeness.map(|c| CompletenessPart {
                confirmed: c.confirmed,
                missed: c.missed,
                probes: c.probes,
                products: c.products,
            }),
            self_test: spectrum.self_test.as_ref().map(tested::part),
            manifest: session.manifest(command, options.params.as_deref(), &spectrum.notices),
        }
    }
}
