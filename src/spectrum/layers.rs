//! Layer by layer: the largest eigenvalue and the trace of each diagonal block.

use super::watch::Watch;
use super::{Event, MatrixName, SpectrumError, SpectrumOptions, TraceEstimate, hutchinson};
use crate::problem::{Session, lookup};
use hesse_core::eigen::{Control, EigenPair, EigenRequest};
use hesse_core::operator::{DatasetOperator, OperatorError};
use hesse_core::program::Wrt;

/// What was found of one layer.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerSpectrum {
    /// What the names of its parameters share.
    pub name: String,
    /// Length of its vectors.
    pub parameters: usize,
    /// The algebraically largest eigenvalue of its block; none where the solver found none.
    pub largest: Option<EigenPair>,
    /// The trace of its block.
    pub trace: TraceEstimate,
    /// Products spent on both.
    pub products: usize,
}

/// Measures every layer of the selected parameters, each on its own block. Cost: a solve and `probes` products for each
/// layer, each product cheaper than a whole one.
pub(super) fn measure_layers(
    session: &Session,
    options: &SpectrumOptions,
    wrt: &Wrt,
    probes: usize,
    watch: &mut Watch<'_>,
) -> Result<Vec<LayerSpectrum>, SpectrumError> {
    let (spec, backend, problem) = (session.spec(), session.backend(), session.problem());
    let (entry, solver_options) = lookup::solver(&options.solver)?;
    let solver = (entry.make)(&solver_options).map_err(crate::problem::ProblemError::from)?;
    let stop = watch.stop;
    let interrupted = |error: SpectrumError| if stop() { SpectrumError::Interrupted } else { error };
    let layers = problem.layers(wrt);
    let total = layers.len();
    let matrix: MatrixName = options.matrix;
    let mut found = Vec::with_capacity(total);
    for (done, layer) in layers.into_iter().enumerate() {
        (watch.observe)(Event::Part { what: "layers", done, total });
        let own = Wrt::Parameters(layer.parameters);
        let product = matrix.product(problem, &own, spec.seed, false)?;
        let source = session.source();
        let operator = DatasetOperator::of(backend, product, session.weights(), source, spec.batch, spec.memory)?
            .interrupted_by(stop);
        let request = EigenRequest {
            largest: 1,
            smallest: 0,
            tolerance: options.tolerance,
            max_products: options.max_products,
            seed: spec.seed,
        };
        let mut observe = |_| if stop() { Control::Stop } else { Control::Continue };
        let eigen = solver.solve(&operator, &request, &mut observe).map_err(|e| interrupted(e.into()))?;
        if stop() {
            return Err(SpectrumError::Interrupted);
        }
        let trace =
            hutchinson(&operator, probes, spec.seed, &mut |_| {}).map_err(|e: OperatorError| interrupted(e.into()))?;
        found.push(LayerSpectrum {
            name: layer.name,
            parameters: problem.dimension(&own).at(0),
            largest: eigen.largest.first().copied(),
            products: eigen.statistics.products + trace.products,
            trace,
        });
    }
    Ok(found)
}
