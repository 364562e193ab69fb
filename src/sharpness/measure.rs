//! The whole measurement.

use super::SharpnessOptions;
use super::ascent::{Ascent, Ball};
use super::minibatch::{OverBatches, draw};
use super::point::Point;
use crate::problem::{Session, lookup};
use crate::spectrum::{Event, SpectrumError, Stoppable, TraceEstimate, Watch, hutchinson};
use hesse_core::eigen::{Control, EigenResult};
use hesse_core::operator::{
    Curvature, DatasetOperator, Evaluation, Evaluator, GradientCurvature, OperatorError, Picked,
};
use std::time::Instant;

/// What was found.
#[derive(Debug)]
pub struct Sharpness {
    /// Number of selected parameters.
    pub dimension: usize,
    /// Loss, accuracy and gradient.
    pub evaluation: Evaluation,
    /// λ₁ to λ₅, fewer where the dimension is.
    pub eigen: EigenResult,
    /// Trace of the Hessian.
    pub trace: TraceEstimate,
    /// Gains within the ball.
    pub plain: Ascent,
    /// Gains within the ball in coordinates scaled by |w|.
    pub adaptive: Ascent,
    /// The gain of one step uphill for each mini-batch's own loss.
    pub over_batches: OverBatches,
    /// gᵀHg/‖g‖² of each mini-batch.
    pub batch_sharpness: OverBatches,
    /// What a reader should know.
    pub notices: Vec<String>,
    /// Seconds in all, without reading the data.
    pub seconds: f64,
}

/// Measures the sharpness of the session's loss at its weights.
///
/// # Errors
/// Where the options do not fit the problem, a product fails, or it is interrupted.
pub fn measure(
    session: &Session,
    options: &SharpnessOptions,
    watch: &mut Watch<'_>,
) -> Result<Sharpness, SpectrumError> {
    let start = Instant::now();
    options.check(session)?;
    let (spec, backend, problem) = (session.spec(), session.backend(), session.problem());
    let wrt = session.select(options.params.as_deref())?;
    let dimension = problem.dimension(&wrt).at(0);
    let stop = watch.stop;
    let interrupted = |error: SpectrumError| if stop() { SpectrumError::Interrupted } else { error };
    let failed = |error: OperatorError| interrupted(error.into());
    let source = Stoppable { source: session.source(), stop };
    let total = session.source().len();
    let observe = &mut *watch.observe;
    let evaluation = Evaluator::new(backend, problem, Some(&wrt), spec.batch)?
        .run(session.weights(), &source, &mut |done| observe(Event::Samples { done, total }))
        .map_err(failed)?;

    // Eigenvalues and trace; the operator goes before the rest begins, with what it keeps.
    let (eigen, trace) = {
        let (weights, samples, hessian) = (session.weights(), session.source(), Curvature::Hessian);
        let operator =
            DatasetOperator::new(backend, problem, hessian, &wrt, weights, samples, spec.batch, spec.memory)?
                .interrupted_by(stop);
        let (entry, solver_options) = lookup::solver(&options.solver)?;
        let solver = (entry.make)(&solver_options).map_err(crate::problem::ProblemError::from)?;
        let mut follow = |event| {
            observe(Event::Solver(event));
            if stop() { Control::Stop } else { Control::Continue }
        };
        let request = options.request(dimension, spec.seed);
        let eigen = solver.solve(&operator, &request, &mut follow).map_err(|e| interrupted(e.into()))?;
        let probes = options.trace_probes;
        let total = probes.min(dimension);
        let mut count = |done| observe(Event::Part { what: "trace probes", done, total });
        let trace = hutchinson(&operator, probes, spec.seed, &mut count).map_err(failed)?;
        (eigen, trace)
    };

    let mut point = Point::new(session, &wrt, spec.batch)?;
    let total = options.directions + options.steps;
    let counts = (options.directions, options.steps);
    let mut count = |done| observe(Event::Part { what: "losses within the ball", done, total });
    let ball = Ball { radius: options.radius, scale: None };
    let plain = ball.climb(&mut point, &source, counts, spec.seed, &mut count).map_err(failed)?;
    let scale: Vec<f64> = point.weights().iter().map(|w| w.abs()).collect();
    let scaled = Ball { radius: options.adaptive_radius, scale: Some(&scale) };
    let mut count = |done| observe(Event::Part { what: "losses within the scaled ball", done, total });
    let adaptive = scaled.climb(&mut point, &source, counts, spec.seed, &mut count).map_err(failed)?;

    let batches = draw(session.source().len(), options.mini_batch, options.mini_batches, spec.seed);
    let mut along = GradientCurvature::new(backend, problem, &wrt, spec.batch)?;
    let empty = || OverBatches { batch_size: options.mini_batch, values: Vec::with_capacity(batches.len()) };
    let (mut over_batches, mut batch_sharpness) = (empty(), empty());
    let total = batches.len();
    for (done, samples) in batches.iter().enumerate() {
        observe(Event::Part { what: "mini-batches", done, total });
        let batch = Picked::new(&source, samples.clone());
        match along.measure(session.weights(), &batch, 0..samples.len()) {
            Ok(found) => batch_sharpness.values.push(found.curvature),
            Err(error) => return Err(failed(error)),
        }
        let gain = match ball.one_step(&mut point, &batch) {
            Ok(gain) => gain.unwrap_or(f64::NAN),
            // Every label of the batch is ignored: it has no loss.
            Err(OperatorError::NoWeight(_)) => f64::NAN,
            Err(error) => return Err(failed(error)),
        };
        over_batches.values.push(gain);
    }
    let mut notices: Vec<String> = eigen.remarks.clone();
    let without = batch_sharpness.values.iter().filter(|v| v.is_nan()).count();
    if without > 0 {
        notices.push(format!("{without} of {total} mini-batches have no gradient and are left out of their means"));
    }
    let seconds = start.elapsed().as_secs_f64();
    Ok(Sharpness {
        dimension,
        evaluation,
        eigen,
        trace,
        plain,
        adaptive,
        over_batches,
        batch_sharpness,
        notices,
        seconds,
    })
}
