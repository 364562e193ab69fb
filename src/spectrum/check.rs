//! `hesse check`: are these products the derivatives of this loss, on this very problem?
//!
//! Symmetry, linearity and repeatability show that H is one symmetric matrix; the slope of a finite difference of
//! gradients shows that it is the right one. A ladder of steps is tried, because the best one depends on the loss: too
//! large, and third derivatives (or kinks) show; too small, and rounding does.

use super::shift::{ShiftedGradients, double_precision};
use super::tested::{self, Figure};
use super::{Event, SelfTestPart, SinProbe, SpectrumError, Watch, sin_probe, watch::Stoppable};
use crate::problem::Session;
use crate::report::{BackendPart, DataPart, Manifest, ModelPart};
use hesse_core::operator::{Curvature, DatasetOperator, Evaluation, Evaluator, SelfTest, self_test};
use hesse_core::vectors::{Block, Precision};
use serde::Serialize;
use std::time::Instant;

/// What is checked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckOptions {
    /// Which parameters, as a glob; none for all.
    pub params: Option<String>,
}

/// What was found.
#[derive(Debug)]
pub struct Check {
    /// Length of the vectors.
    pub dimension: usize,
    /// Loss, accuracy and gradient at the point.
    pub evaluation: Evaluation,
    /// The figures.
    pub self_test: SelfTest,
    /// The product that other implementations can repeat.
    pub sin_probe: SinProbe,
    /// Whether all figures are what rounding explains.
    pub passed: bool,
    /// Seconds in all.
    pub seconds: f64,
}

/// Steps relative to ‖θ‖. In f32 rounding takes over early; in f64 a step can be so small that no unit of a
/// piecewise-linear network changes sides.
fn ladder(precision: Precision) -> &'static [f64] {
    match precision {
        Precision::F32 => &[1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 1e-5],
        Precision::F64 => &[1e-2, 1e-3, 1e-5, 1e-7, 1e-8, 1e-9],
    }
}

/// Runs every check. Costs six products and two gradients for each step of the ladder.
///
/// # Errors
/// Where something cannot be computed. Figures that are too large are no error here: they are the result.
pub fn check(session: &Session, options: &CheckOptions, watch: &mut Watch<'_>) -> Result<Check, SpectrumError> {
    let start = Instant::now();
    let (spec, backend, problem) = (session.spec(), session.backend(), session.problem());
    let wrt = session.select(options.params.as_deref())?;
    let stop = watch.stop;
    let interrupted = |error: SpectrumError| if stop() { SpectrumError::Interrupted } else { error };
    let source = Stoppable { source: session.source(), stop };
    let total = session.source().len();
    let evaluation = Evaluator::new(backend, problem, Some(&wrt), spec.batch)?
        .run(session.weights(), &source, &mut |done| (watch.observe)(Event::Samples { done, total }))
        .map_err(|error| interrupted(error.into()))?;

    let operator = DatasetOperator::new(
        backend,
        problem,
        Curvature::Hessian,
        &wrt,
        session.weights(),
        session.source(),
        spec.batch,
        spec.memory,
    )?
    .interrupted_by(stop);
    let double = double_precision(session);
    let slope_backend = double.as_deref().unwrap_or(backend);
    let mut gradients = ShiftedGradients::new(session, slope_backend, &wrt)?;
    let size = match gradients.norm() {
        0.0 => 1.0,
        norm => norm,
    };
    let precision = backend.info().precision;
    let steps: Vec<f64> = ladder(slope_backend.info().precision).iter().map(|relative| relative * size).collect();
    (watch.observe)(Event::SelfTest);
    let mut done = 0;
    let mut gradient = |direction: &Block, step: f64| {
        done += 1;
        (watch.observe)(Event::Gradient { done, total: 1 + 2 * steps.len() });
        gradients.at(direction, step, &source)
    };
    let figures =
        self_test(&operator, spec.seed, Some((&mut gradient, &steps))).map_err(|error| interrupted(error.into()))?;
    let probe = sin_probe(&operator).map_err(interrupted)?;
    Ok(Check {
        dimension: problem.dimension(&wrt).at(0),
        evaluation,
        passed: figures.passes(precision.epsilon()),
        self_test: figures,
        sin_probe: probe,
        seconds: start.elapsed().as_secs_f64(),
    })
}

/// The result of `hesse check` as data: schema `hesse.check/1`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CheckReport {
    /// `hesse.check/1`.
    pub schema: &'static str,
    /// The network.
    pub model: ModelPart,
    /// The samples.
    pub data: DataPart,
    /// The machine.
    pub backend: BackendPart,
    /// Length of the vectors.
    pub dimension: usize,
    /// The mean loss.
    pub loss: f64,
    /// Share of samples whose largest output is their label.
    pub accuracy: f64,
    /// Samples whose largest output is their label.
    pub correct: usize,
    /// ‖∇‖ of the mean loss.
    pub gradient_norm: f64,
    /// The figures.
    pub self_test: SelfTestPart,
    /// The product that other implementations can repeat.
    pub sin_probe: SinProbe,
    /// Whether all figures are what rounding explains.
    pub passed: bool,
    /// Seconds in all, without reading the data.
    pub seconds: f64,
    /// What it takes to repeat this.
    pub manifest: Manifest,
    #[serde(skip)]
    pub(super) figures: Vec<(&'static str, f64, bool)>,
}

impl CheckReport {
    /// Puts a result together.
    pub fn new(session: &Session, options: &CheckOptions, check: &Check, command: &[String]) -> Self {
        let figures = tested::figures(&check.self_test, session.backend().info().precision);
        CheckReport {
            schema: "hesse.check/1",
            model: session.model_part(),
            data: session.data_part(),
            backend: session.backend_part(),
            dimension: check.dimension,
            loss: check.evaluation.loss,
            accuracy: check.evaluation.accuracy,
            correct: check.evaluation.correct,
            gradient_norm: check.evaluation.gradient_norm.unwrap_or(f64::NAN),
            self_test: tested::part(&check.self_test),
            sin_probe: check.sin_probe,
            passed: check.passed,
            seconds: check.seconds,
            manifest: session.manifest(command, options.params.as_deref(), &[]),
            figures: figures.into_iter().map(|Figure { name, value, passes }| (name, value, passes)).collect(),
        }
    }
}
