//! One row of the table: a trained network and its points, kept when it is finished.

use super::options::{CellSpec, SaddleFreeOptions};
use super::point::{Claims, Point};
use super::{Landscape, coupled, landscape, plan, separate};
use crate::problem::Session;
use crate::report::write_json;
use crate::spectrum::inputs::Distribution;
use crate::study::piece::Claim;
use crate::study::{Event, StudyError, Watch};
use crate::train::{self, TrainError, TrainReport};
use hesse_core::attack::{InputOracle, NetworkOracle};
use hesse_core::graph::Mode;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::time::Instant;

const SCHEMA: &str = "hesse.study.saddle-free.cell/1";
pub(super) const CELL: &str = "cell.json";

/// A finished row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CellReport {
    /// `hesse.study.saddle-free.cell/1`.
    pub schema: String,
    /// Hash of everything it depends on.
    pub key: String,
    /// What it is called.
    pub name: String,
    /// The network.
    pub model: String,
    /// `eval` or `train`.
    pub batch_norm: String,
    /// Whether the theorem's assumptions hold: piecewise linear, samples not coupled.
    pub assumed: bool,
    /// Whether the logits are piecewise linear in the pixels, batch norm in eval mode.
    pub piecewise_linear: bool,
    /// Trainable numbers.
    pub parameters: usize,
    /// Epochs trained.
    pub epochs: usize,
    /// Mean training loss at the end.
    pub train_loss: f64,
    /// Share of the samples checked that are classified correctly, batch norm in eval mode.
    pub test_accuracy: f64,
    /// Samples at each point: 1, or those of a coupled batch.
    pub samples_per_point: usize,
    /// The bound on the rank: samples per point times C − 1.
    pub rank_bound: usize,
    /// Points at which each claim fails.
    pub negative: usize,
    /// See `negative`.
    pub rank_exceeded: usize,
    /// See `negative`.
    pub out_of_range: usize,
    /// Points at which all hold.
    pub hold: usize,
    /// λ_min over the eigenvalue of largest modulus, over the points.
    pub lowest_share: Option<Distribution>,
    /// λ₁.
    pub largest: Option<Distribution>,
    /// The rank found.
    pub rank: Option<Distribution>,
    /// What of g is outside of the range.
    pub outside: Option<Distribution>,
    /// Of a coupled batch: the share of H·v that leaves the sample on which v lies.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub coupling: Option<Distribution>,
    /// Products spent.
    pub products: usize,
    /// Seconds of checking.
    pub seconds: f64,
    /// The loss around one sample.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub landscape: Option<Landscape>,
    /// Every point.
    pub points: Vec<Point>,
}

impl CellReport {
    /// Whether the check came out as the theory says: all claims at every point where it applies; where it does not,
    /// negative curvature somewhere.
    pub fn as_expected(&self) -> bool {
        if self.assumed { self.hold == self.points.len() } else { self.negative > 0 }
    }
}

/// Does what is not done of a cell.
pub(super) fn run(
    options: &SaddleFreeOptions,
    cell: &CellSpec,
    watch: &mut Watch<'_>,
) -> Result<(CellReport, TrainReport), StudyError> {
    let name = cell.name();
    let interrupted = |during: &str| StudyError::Interrupted {
        during: format!("while {during} {name}"),
        folder: options.out.clone(),
    };
    let observe = &mut watch.observe;
    let mut following = train::Watch { observe: &mut |event| observe(Event::Train(event)), stop: watch.stop };
    // Cells that differ in the mode alone share a network.
    let claim = Claim::wait(&plan::network_folder(options, cell), watch.stop)?;
    let claim = claim.ok_or_else(|| interrupted("waiting for another process that trains"))?;
    let trained = train::run(&plan::training(options, cell), &mut following).map_err(|cause| match cause {
        TrainError::Interrupted { .. } => interrupted("training"),
        cause => StudyError::Network { network: cell.model.clone(), cause: Box::new(cause) },
    })?;
    drop(claim);
    let key = plan::key(options, cell, &trained);
    let folder = plan::cell_folder(options, cell);
    let file = folder.join(CELL);
    if let Some(kept) = read(&file).filter(|kept| kept.key == key) {
        return Ok((kept, trained));
    }
    let start = Instant::now();
    let session = Session::open(plan::problem(options, cell))?;
    let graph = session.network().graph(Mode::Eval)?;
    let oracle = NetworkOracle::new(session.backend(), graph, session.weights(), options.measure_batch)?;
    let piecewise_linear = oracle.is_piecewise_linear()?;
    let mut follow = |event| observe(Event::Curvature { of: "", event });
    let separate = cell.mode == Mode::Eval;
    let found = if separate {
        separate::points(&session, &oracle, options, &mut follow, watch.stop)?.map(|points| (points, Vec::new()))
    } else {
        coupled::points(&session, options, &mut follow, watch.stop)?
    };
    let Some((points, coupling)) = found else { return Err(interrupted("checking")) };
    let landscape = if separate { landscape::landscape(&session, &oracle, &points, options)? } else { None };
    let samples_per_point = if separate { 1 } else { options.coupled_batch.min(session.dataset().len()) };
    let rank_bound = samples_per_point * oracle.classes().saturating_sub(1);
    let claims: Vec<Claims> = points.iter().map(|p| p.claims(options, rank_bound)).collect();
    let failing = |holds: fn(&Claims) -> bool| claims.iter().filter(|c| !holds(c)).count();
    let report = CellReport {
        schema: SCHEMA.to_string(),
        key,
        model: cell.model.clone(),
        batch_norm: cell.mode.to_string(),
        assumed: separate && piecewise_linear,
        piecewise_linear,
        parameters: session.graph().parameter_count(),
        epochs: trained.epochs.len(),
        train_loss: trained.train_loss,
        test_accuracy: trained.test_accuracy,
        samples_per_point,
        rank_bound,
        negative: failing(|c| c.semi_definite),
        rank_exceeded: failing(|c| c.low_rank),
        out_of_range: failing(|c| c.in_range),
        hold: claims.iter().filter(|c| c.all()).count(),
        lowest_share: Distribution::of(points.iter().map(Point::lowest_share)),
        largest: Distribution::of(points.iter().map(|p| p.largest)),
        rank: Distribution::of(points.iter().map(|p| p.rank as f64)),
        outside: Distribution::of(points.iter().map(|p| p.outside)),
        coupling: Distribution::of(coupling),
        products: points.iter().map(|p| p.products).sum(),
        seconds: start.elapsed().as_secs_f64(),
        landscape,
        points,
        name,
    };
    std::fs::create_dir_all(&folder).map_err(|source| StudyError::Io {
        operation: "making the folder",
        path: folder.clone(),
        source,
    })?;
    write_json(&file, &report)?;
    Ok((report, trained))
}

/// What an earlier run left; what cannot be read is computed again.
fn read(file: &Path) -> Option<CellReport> {
    let cell: CellReport = serde_json::from_str(&std::fs::read_to_string(file).ok()?).ok()?;
    (cell.schema == SCHEMA).then_some(cell)
}
