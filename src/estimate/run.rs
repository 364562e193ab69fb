//! All estimates of one operator, in order.

use super::data_error::{DataError, Quantity, Vectors, data_error};
use super::diagonal_file;
use super::exact::{self, EXACT};
use super::options::{DiagonalOptions, EstimateOptions, ScalarOptions};
use crate::problem::{ProblemError, Session, lookup};
use crate::spectrum::{Event, MatrixName, SpectrumError, Watch};
use hesse_core::eigen::{Control, EigenPair, EigenResult, StopReason};
use hesse_core::estimate::{
    self, Density, DensityRequest, DiagonalEstimate, DiagonalRequest, EstimateError, KnownPairs, TraceEstimate,
    TraceRequest,
};
use hesse_core::operator::{DataSource, Evaluation, LinearOperator};
use hesse_core::program::Wrt;
use hesse_core::vectors::Block;

/// A trace or a norm, and how it was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Scalar {
    /// The estimator with its options.
    pub method: String,
    /// The trace, or the squared norm.
    pub estimate: TraceEstimate,
    /// What was wanted of it.
    pub options: ScalarOptions,
    /// Backward passes of single samples, where it is exact.
    pub backward_passes: usize,
}

/// A diagonal, and where it went.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagonal {
    /// The estimator with its options.
    pub method: String,
    /// Entries and errors.
    pub estimate: DiagonalEstimate,
    /// The file.
    pub file: String,
    /// Backward passes of single samples, where it is exact.
    pub backward_passes: usize,
}

/// What was estimated; what was not wanted, or not reached before an interruption, is absent.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Estimates {
    /// The density, with the estimator's name.
    pub density: Option<(String, Density)>,
    /// Residuals of the density's sticks, in the order of the sticks.
    pub stick_residuals: Vec<f64>,
    /// The trace.
    pub trace: Option<Scalar>,
    /// The squared Frobenius norm.
    pub frobenius: Option<Scalar>,
    /// The diagonal.
    pub diagonal: Option<Diagonal>,
    /// Errors of data sampling.
    pub data_error: Option<DataError>,
    /// Whether someone asked to stop before everything was there.
    pub interrupted: bool,
    /// What a reader should know.
    pub notices: Vec<String>,
}

impl Estimates {
    /// Products spent on all of them.
    pub fn products(&self) -> usize {
        let scalar = |s: &Option<Scalar>| s.as_ref().map_or(0, |s| s.estimate.products);
        scalar(&self.trace)
            + scalar(&self.frobenius)
            + self.diagonal.as_ref().map_or(0, |d| d.estimate.products)
            + self.density.as_ref().map_or(0, |(_, density)| density.products)
    }

    /// Whether everything that was begun reached its goal.
    pub fn converged(&self) -> bool {
        let scalar = |s: &Option<Scalar>| s.as_ref().is_none_or(|s| s.estimate.reason == StopReason::Converged);
        scalar(&self.trace)
            && scalar(&self.frobenius)
            && self.diagonal.as_ref().is_none_or(|d| d.estimate.reason == StopReason::Converged)
            && !self.interrupted
    }
}

/// Where the estimates are made.
pub struct Point<'a> {
    /// The problem.
    pub session: &'a Session,
    /// The operator.
    pub operator: &'a dyn LinearOperator,
    /// Which matrix it is, or whose blocks.
    pub matrix: MatrixName,
    /// What it was differentiated by.
    pub wrt: &'a Wrt,
    /// The samples, in a form that ends when someone asks to stop.
    pub source: &'a dyn DataSource,
    /// Loss and gradient there.
    pub evaluation: &'a Evaluation,
    /// What the solver found.
    pub eigen: &'a EigenResult,
}

/// Eigenvectors by column without repeats: the known pairs of the estimates.
struct Known {
    values: Vec<f64>,
    residuals: Vec<f64>,
    vectors: Option<Block>,
    /// For each, what it is.
    pairs: Vec<(Quantity, usize)>,
}

impl Known {
    /// The pairs that `take` accepts.
    fn of(point: &Point<'_>, take: impl Fn(&EigenPair) -> bool) -> Result<Self, SpectrumError> {
        let space = point.operator.space();
        let named = point.eigen.largest.iter().enumerate().map(|(i, p)| (Quantity::Largest(i), p));
        let named = named.chain(point.eigen.smallest.iter().enumerate().map(|(i, p)| (Quantity::Smallest(i), p)));
        let mut known = Known { values: Vec::new(), residuals: Vec::new(), vectors: None, pairs: Vec::new() };
        let mut columns: Vec<usize> = Vec::new();
        for (quantity, pair) in named.filter(|(_, pair)| take(pair)) {
            // With all pairs wanted from both ends, one vector has two names.
            let at = columns.iter().position(|c| *c == pair.column).unwrap_or_else(|| {
                columns.push(pair.column);
                known.values.push(pair.value);
                known.residuals.push(pair.residual);
                columns.len() - 1
            });
            known.pairs.push((quantity, at));
        }
        if !columns.is_empty() {
            let mut block = space.zeros(columns.len())?;
            for (to, &from) in columns.iter().enumerate() {
                space.copy(point.eigen.vectors.view(from..from + 1), block.view_mut(to..to + 1))?;
            }
            known.vectors = Some(block);
        }
        Ok(known)
    }

    fn pairs(&self) -> Option<KnownPairs<'_>> {
        self.vectors.as_ref().map(|block| KnownPairs { values: &self.values, vectors: block.all() })
    }
}

/// Makes the wanted estimates. An interruption is no error: what there is comes back.
///
/// # Errors
/// Where a request does not fit, a product fails, or a file cannot be written.
pub fn run(point: &Point<'_>, options: &EstimateOptions, watch: &mut Watch<'_>) -> Result<Estimates, SpectrumError> {
    let mut estimates = Estimates::default();
    match all(point, options, watch, &mut estimates) {
        Err(error) if (watch.stop)() || error.is_interruption() => {
            estimates.interrupted = true;
            Ok(estimates)
        }
        other => other.map(|()| estimates),
    }
}

fn all(
    point: &Point<'_>,
    options: &EstimateOptions,
    watch: &mut Watch<'_>,
    estimates: &mut Estimates,
) -> Result<(), SpectrumError> {
    if !options.any() {
        return Ok(());
    }
    let (stop, seed) = (watch.stop, point.session.spec().seed);
    let (operator, block) = (point.operator, options.block.max(1));
    let stopped = || if stop() { Err(EstimateError::Interrupted.into()) } else { Ok::<(), SpectrumError>(()) };
    let known = Known::of(point, |_| true)?;
    let exact = Known::of(point, |pair| pair.converged)?;
    stopped()?;

    if let Some(wanted) = &options.density {
        let (entry, given) = lookup::density(&wanted.method)?;
        let estimator = (entry.make)(&given).map_err(ProblemError::from)?;
        let request = DensityRequest { steps: wanted.steps, probes: wanted.probes, seed, block, known: exact.pairs() };
        let mut observe = follow("density", watch);
        let density = estimator.estimate(operator, &request, &mut observe)?;
        estimates.notices.extend(density.remarks.iter().cloned());
        let mut order: Vec<usize> = (0..exact.values.len()).collect();
        order.sort_by(|&a, &b| exact.values[a].total_cmp(&exact.values[b]));
        estimates.stick_residuals = order.iter().map(|&i| exact.residuals[i]).collect();
        estimates.interrupted |= density.reason == StopReason::Interrupted;
        estimates.density = Some((described(entry.name, &given), density));
        stopped()?;
    }
    for (wanted, quantity) in
        [(&options.trace, estimate::Quantity::Trace), (&options.frobenius, estimate::Quantity::SquaredNorm)]
    {
        let Some(wanted) = wanted else { continue };
        if quantity == estimate::Quantity::Trace && wanted_exactly(wanted.method.as_deref(), point) {
            estimates.trace = Some(exact_trace(point, wanted, watch)?);
            continue;
        }
        let default = match quantity {
            // One product gives a sample of ‖A‖², where sketches need two.
            estimate::Quantity::SquaredNorm => "hutchinson",
            _ if known.values.is_empty() => "xtrace",
            _ => "hutchinson",
        };
        let (entry, given) = lookup::trace(wanted.method.as_deref().unwrap_or(default))?;
        let estimator = (entry.make)(&given).map_err(ProblemError::from)?;
        let (goal, max_products) = (wanted.goal, wanted.max_products);
        let request = TraceRequest { quantity, goal, max_products, seed, block, known: known.pairs() };
        let what = if quantity == estimate::Quantity::Trace { "trace" } else { "Frobenius norm" };
        let mut observe = follow(what, watch);
        let estimate = estimator.estimate(operator, &request, &mut observe)?;
        estimates.notices.extend(estimate.remarks.iter().map(|r| format!("{what}: {r}")));
        estimates.interrupted |= estimate.reason == StopReason::Interrupted;
        let scalar =
            Scalar { method: described(entry.name, &given), estimate, options: wanted.clone(), backward_passes: 0 };
        match quantity {
            estimate::Quantity::Trace => estimates.trace = Some(scalar),
            estimate::Quantity::SquaredNorm => estimates.frobenius = Some(scalar),
        }
        stopped()?;
    }
    if let Some(wanted) = &options.diagonal {
        let diagonal = match wanted_exactly(wanted.method.as_deref(), point) {
            true => exact_entries(point, wanted, watch)?,
            false => estimated_entries(point, wanted, block, watch)?,
        };
        estimates.interrupted |= diagonal.estimate.reason == StopReason::Interrupted;
        diagonal_file::write(&wanted.file, point, &diagonal)?;
        estimates.diagonal = Some(diagonal);
        stopped()?;
    }
    if let Some(wanted) = &options.data_error {
        let vectors = Vectors {
            pairs: &known.pairs,
            vectors: known.vectors.as_ref(),
            known: known.pairs(),
            trace: options.trace.is_some(),
            gradient: point.evaluation.gradient.as_ref(),
        };
        let mut observe = |event| (watch.observe)(Event::Estimate { what: "data sampling", event });
        estimates.data_error = Some(data_error(point, wanted, &vectors, &mut observe)?);
    }
    Ok(())
}

/// Whether a trace or a diagonal comes from backward passes: where that was said, or nothing was and it can be done.
fn wanted_exactly(method: Option<&str>, point: &Point<'_>) -> bool {
    method.map_or_else(|| exact::preferred(point), |method| method == EXACT)
}

fn exact_trace(point: &Point<'_>, wanted: &ScalarOptions, watch: &mut Watch<'_>) -> Result<Scalar, SpectrumError> {
    let found = exact::compute(point, false, watch)?;
    let estimate = TraceEstimate {
        value: found.trace,
        standard_error: 0.0,
        half_width: 0.0,
        samples: 0,
        products: 0,
        known_part: 0.0,
        known_pairs: 0,
        reason: StopReason::Converged,
        remarks: Vec::new(),
    };
    let (method, backward_passes) = (EXACT.to_string(), found.backward_passes);
    Ok(Scalar { method, estimate, options: wanted.clone(), backward_passes })
}

fn exact_entries(
    point: &Point<'_>,
    wanted: &DiagonalOptions,
    watch: &mut Watch<'_>,
) -> Result<Diagonal, SpectrumError> {
    let found = exact::compute(point, true, watch)?;
    let values = found.diagonal.unwrap_or_default();
    let standard_errors = vec![0.0; values.len()];
    let estimate = DiagonalEstimate { values, standard_errors, samples: 0, products: 0, reason: StopReason::Converged };
    let (method, file) = (EXACT.to_string(), wanted.file.display().to_string());
    Ok(Diagonal { method, estimate, file, backward_passes: found.backward_passes })
}

fn estimated_entries(
    point: &Point<'_>,
    wanted: &DiagonalOptions,
    block: usize,
    watch: &mut Watch<'_>,
) -> Result<Diagonal, SpectrumError> {
    let (entry, given) = lookup::diagonal(wanted.method.as_deref().unwrap_or("xdiag"))?;
    let estimator = (entry.make)(&given).map_err(ProblemError::from)?;
    let (goal, max_products, seed) = (wanted.goal, wanted.max_products, point.session.spec().seed);
    let request = DiagonalRequest { goal, max_products, seed, block };
    let estimate = estimator.estimate(point.operator, &request, &mut follow("diagonal", watch))?;
    let (method, file) = (described(entry.name, &given), wanted.file.display().to_string());
    Ok(Diagonal { method, estimate, file, backward_passes: 0 })
}

fn follow<'a>(what: &'static str, watch: &'a mut Watch<'_>) -> impl FnMut(estimate::EstimateEvent) -> Control + 'a {
    let stop = watch.stop;
    move |event| {
        (watch.observe)(Event::Estimate { what, event });
        if stop() { Control::Stop } else { Control::Continue }
    }
}

fn described(name: &str, options: &hesse_core::options::Options) -> String {
    let options = options.to_string();
    if options.is_empty() { name.to_string() } else { format!("{name}:{options}") }
}
