//! The result of `hesse landscape` as data: schema `hesse.landscape/1`.
//!
//! The schema is a promise: fields may be added, none may change its meaning or go.

use super::{Centre, DirectionPart, Landscape, LandscapeOptions, Quadratic};
use crate::problem::Session;
use crate::report::{BackendPart, DataPart, Manifest, ModelPart};
use serde::Serialize;

/// The steps along one direction.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AxisPart {
    /// What the direction is, and its figures.
    #[serde(flatten)]
    pub direction: DirectionPart,
    /// Multiples of the direction, rising.
    pub steps: Vec<f64>,
}

/// The whole result.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LandscapeReport {
    /// `hesse.landscape/1`.
    pub schema: &'static str,
    /// The network.
    pub model: ModelPart,
    /// The samples.
    pub data: DataPart,
    /// The machine.
    pub backend: BackendPart,
    /// `weights` or `inputs`.
    pub wrt: String,
    /// As given.
    pub along: String,
    /// How far the steps reach (between checkpoints, beyond both ends).
    pub radius: f64,
    /// The centre.
    pub centre: Centre,
    /// One for each direction.
    pub axes: Vec<AxisPart>,
    /// Cosine of the angle between two directions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cosine: Option<f64>,
    /// The quadratic model in the steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quadratic: Option<Quadratic>,
    /// The largest |loss − model| next to the centre, relative to the model's largest change there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_deviation: Option<f64>,
    /// Mean loss, row by row: the first direction fastest; null where it is not finite.
    pub loss: Vec<f64>,
    /// Share of samples classified correctly, likewise.
    pub accuracy: Vec<f64>,
    /// The model, likewise; empty where there is none.
    pub model_loss: Vec<f64>,
    /// Points taken over from an earlier run.
    pub resumed: usize,
    /// Hessian-vector products spent on eigenvectors and curvature.
    pub products: usize,
    /// Whether all eigenvectors are within the tolerance.
    pub converged: bool,
    /// Seconds of this run.
    pub seconds: f64,
    /// What it takes to repeat this.
    pub manifest: Manifest,
}

impl LandscapeReport {
    /// Puts a result together.
    pub fn new(session: &Session, options: &LandscapeOptions, found: &Landscape, command: &[String]) -> Self {
        let loss: Vec<f64> = found.heights.iter().map(|h| h.loss).collect();
        let samples = found.centre.samples.max(1) as f64;
        let lines = [&found.grid.first, &found.grid.second];
        let points = || (0..found.grid.len()).map(|i| found.grid.steps(i));
        LandscapeReport {
            schema: "hesse.landscape/1",
            model: session.model_part(),
            data: session.data_part(),
            backend: session.backend_part(),
            wrt: options.target.to_string(),
            along: options.along.to_string(),
            radius: options.radius(),
            centre: found.centre,
            axes: found
                .directions
                .iter()
                .zip(lines)
                .map(|(d, steps)| AxisPart { direction: d.clone(), steps: steps.clone() })
                .collect(),
            cosine: found.cosine,
            quadratic: found.model,
            model_deviation: found.model.and_then(|m| m.deviation(&found.grid, &loss)),
            accuracy: found.heights.iter().map(|h| h.correct as f64 / samples).collect(),
            model_loss: found.model.map(|m| points().map(|s| m.at(s)).collect()).unwrap_or_default(),
            loss,
            resumed: found.resumed,
            products: found.products,
            converged: found.directions.iter().all(|d| d.eigen.is_none_or(|e| e.converged)),
            seconds: found.seconds,
            manifest: session.manifest(command, options.params.as_deref(), &found.notices),
        }
    }
}
