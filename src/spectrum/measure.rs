//! The extreme eigenvalues of a loss's Hessian over a set of samples.

use super::layers::{LayerSpectrum, measure_layers};
use super::solve::{Solving, solve};
use super::{Event, MatrixName, SpectrumError, Watch, tested, watch::Stoppable};
use crate::estimate::{self, EstimateOptions, EstimateParts, Estimates};
use crate::problem::{Session, lookup};
use hesse_core::eigen::{Control, EigenRequest, EigenResult, EigenStatistics, SolverError, StopReason};
use hesse_core::operator::{CacheReport, DatasetOperator, Evaluation, Evaluator, LinearOperator, SelfTest, self_test};
use hesse_solver_tools::complete::Completeness;
use std::path::PathBuf;
use std::time::Instant;

/// What is wanted of a spectrum.
#[derive(Debug, Clone, PartialEq)]
pub struct SpectrumOptions {
    /// How many of the algebraically largest eigenvalues.
    pub largest: usize,
    /// How many of the algebraically smallest.
    pub smallest: usize,
    /// Bound on ‖Hv − λv‖ / |λ₁|.
    pub tolerance: f64,
    /// The most products that the solver may spend.
    pub max_products: usize,
    /// `name:key=value,…`.
    pub solver: String,
    /// Which parameters, as a glob; none for all.
    pub params: Option<String>,
    /// Whether to test the operator first.
    pub self_test: bool,
    /// Which matrix.
    pub matrix: MatrixName,
    /// Whether what couples different layers is left out.
    pub block_diagonal: bool,
    /// Whether to measure each layer by itself, and with how many products for its trace.
    pub layer_probes: Option<usize>,
    /// What is estimated afterwards.
    pub estimates: EstimateOptions,
    /// Whether to look, at the end, for pairs that were missed.
    pub complete: bool,
    /// Where the state of the solver is kept.
    pub state: Option<PathBuf>,
}

impl Default for SpectrumOptions {
    fn default() -> Self {
        SpectrumOptions {
            largest: 1,
            smallest: 0,
            tolerance: 1e-3,
            max_products: 1000,
            solver: "lanczos".to_string(),
            params: None,
            self_test: true,
            matrix: MatrixName::default(),
            block_diagonal: false,
            layer_probes: None,
            estimates: EstimateOptions::default(),
            complete: false,
            state: None,
        }
    }
}

/// What was found.
#[derive(Debug)]
pub struct Spectrum {
    /// Length of the vectors: the number of selected parameters.
    pub dimension: usize,
    /// Loss, accuracy and gradient at the point.
    pub evaluation: Evaluation,
    /// The short self-test, unless it was left out.
    pub self_test: Option<SelfTest>,
    /// Eigenvalues, vectors and bookkeeping.
    pub eigen: EigenResult,
    /// Each layer by itself, where that was asked for.
    pub layers: Option<Vec<LayerSpectrum>>,
    /// What random probes say.
    pub estimates: Estimates,
    /// What the completeness probe came to, where one was asked for.
    pub completeness: Option<Completeness>,
    /// How much of the primal part was kept.
    pub cache: CacheReport,
    /// What a reader should know.
    pub notices: Vec<String>,
    /// Seconds in all, without reading the data.
    pub seconds: f64,
}

impl SpectrumOptions {
    /// Refuses what cannot be computed for this problem, before anything is.
    ///
    /// # Errors
    /// Where no parameter is selected, more is wanted than the dimension, or there is no such solver.
    pub fn check(&self, session: &Session) -> Result<(), SpectrumError> {
        lookup::solver(&self.solver)?;
        let wrt = session.select(self.params.as_deref())?;
        self.estimates.check(session, self.matrix, &wrt)?;
        if self.largest == 0 && self.smallest == 0 && self.estimates.any() {
            return Ok(());
        }
        Ok(self.request(session).check(session.problem().dimension(&wrt).at(0))?)
    }

    fn request(&self, session: &Session) -> EigenRequest {
        EigenRequest {
            largest: self.largest,
            smallest: self.smallest,
            tolerance: self.tolerance,
            max_products: self.max_products,
            seed: session.spec().seed,
        }
    }
}

impl Spectrum {
    /// Whether every wanted eigenvalue is there and within the tolerance.
    pub fn converged(&self, options: &SpectrumOptions) -> bool {
        let complete = |found: usize, wanted: usize| found >= wanted;
        complete(self.eigen.largest.len(), options.largest)
            && complete(self.eigen.smallest.len(), options.smallest)
            && self.eigen.largest.iter().chain(&self.eigen.smallest).all(|pair| pair.converged)
            && self.layers.iter().flatten().all(|layer| layer.largest.is_some_and(|pair| pair.converged))
            && self.estimates.converged()
    }

    /// The estimates as parts of a report.
    pub fn estimate_parts(&self, session: &Session, options: &SpectrumOptions) -> EstimateParts {
        let confidence = options.estimates.density.as_ref().map_or(0.95, |d| d.confidence);
        EstimateParts::new(&self.estimates, confidence, session.backend().info().precision.epsilon())
    }
}

/// Evaluates loss and gradient, tests the operator, and computes the wanted eigenvalues.
///
/// # Errors
/// Where the request does not fit the problem, the self-test fails, or a product does; and where it is interrupted
/// before the solver has begun. A solver that is interrupted later returns what it has.
pub fn measure(session: &Session, options: &SpectrumOptions, watch: &mut Watch<'_>) -> Result<Spectrum, SpectrumError> {
    let start = Instant::now();
    let (spec, backend, problem) = (session.spec(), session.backend(), session.problem());
    let wrt = session.select(options.params.as_deref())?;
    let dimension = problem.dimension(&wrt).at(0);
    options.check(session)?;
    let (entry, solver_options) = lookup::solver(&options.solver)?;
    let solver = (entry.make)(&solver_options).map_err(crate::problem::ProblemError::from)?;

    let stop = watch.stop;
    let interrupted = |error: SpectrumError| if stop() { SpectrumError::Interrupted } else { error };
    let source = Stoppable { source: session.source(), stop };
    let total = session.source().len();
    let evaluation = Evaluator::new(backend, problem, Some(&wrt), spec.batch)?
        .run(session.weights(), &source, &mut |done| (watch.observe)(Event::Samples { done, total }))
        .map_err(|error| interrupted(error.into()))?;

    let product = options.matrix.product(problem, &wrt, spec.seed, options.block_diagonal)?;
    let (weights, samples) = (session.weights(), session.source());
    let operator =
        DatasetOperator::of(backend, product, weights, samples, spec.batch, spec.memory)?.interrupted_by(stop);
    let precision = backend.info().precision;
    let mut notices = Vec::new();
    let mut test = None;
    if options.self_test {
        (watch.observe)(Event::SelfTest);
        let figures = self_test(&operator, spec.seed, None).map_err(|error| interrupted(error.into()))?;
        tested::require(&figures, precision)?;
        let floor = tested::noise_floor(&figures);
        if options.tolerance < floor {
            let tolerance = options.tolerance;
            notices.push(format!(
                "--tol {tolerance:e} is below the noise floor {floor:.1e} of {precision}; residuals may not reach it, try --dtype f64"
            ));
        }
        test = Some(figures);
    }

    let mut observe = |event| {
        (watch.observe)(Event::Solver(event));
        if stop() { Control::Stop } else { Control::Continue }
    };
    let request = options.request(session);
    let solving = Solving { solver: solver.as_ref(), operator: &operator, request: &request };
    let (eigen, completeness) = match request.largest.saturating_add(request.smallest) {
        0 => (nothing(&operator).map_err(SpectrumError::from)?, None),
        _ => solve(session, options, &solving, &mut observe, &mut notices).map_err(interrupted)?,
    };
    notices.extend(eigen.remarks.iter().cloned());
    let mut estimates = Estimates::default();
    if options.estimates.any() && eigen.reason != StopReason::Interrupted {
        let point = estimate::Point {
            session,
            operator: &operator,
            matrix: options.matrix,
            wrt: &wrt,
            source: &source,
            evaluation: &evaluation,
            eigen: &eigen,
        };
        estimates = estimate::run(&point, &options.estimates, watch)?;
        notices.append(&mut estimates.notices);
    }
    let cache = operator.cache_report();
    drop(operator); // and what it keeps: the layers need the memory
    let layers = match options.layer_probes {
        Some(probes) if !stop() => Some(measure_layers(session, options, &wrt, probes, watch)?),
        _ => None,
    };
    // What was never multiplied was never kept either.
    let multiplied = test.is_some() || eigen.statistics.products + estimates.products() > 0;
    if multiplied && cache.kept < cache.batches {
        let (kept, batches) = (cache.kept, cache.batches);
        notices.push(format!(
            "intermediate results of {kept} of {batches} batches fit in --memory; the others are computed again for each product"
        ));
    }
    let seconds = start.elapsed().as_secs_f64();
    Ok(Spectrum {
        dimension,
        evaluation,
        self_test: test,
        eigen,
        completeness,
        layers,
        estimates,
        cache,
        notices,
        seconds,
    })
}

/// What a solver finds when no eigenvalue is wanted.
fn nothing(operator: &dyn LinearOperator) -> Result<EigenResult, SolverError> {
    Ok(EigenResult {
        largest: Vec::new(),
        smallest: Vec::new(),
        vectors: operator.space().zeros(0)?,
        reason: StopReason::Converged,
        statistics: EigenStatistics::default(),
        remarks: Vec::new(),
    })
}
