//! The loss of one sample over the plane of its two dominant eigenvectors, in input space: the paper's Figure 7.

use super::options::SaddleFreeOptions;
use super::point::Point;
use super::separate::NOISE;
use crate::problem::Session;
use crate::study::StudyError;
use hesse_core::attack::{AttackLoss, InputOracle, NetworkOracle, OracleError, losses};
use hesse_core::eigen::Control;
use hesse_core::input_hessian::{LanczosRequest, add_scaled, dot, extremes};
use serde::{Deserialize, Serialize};

/// A square of losses. No clipping: the plane leaves the box of pixels where it does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Landscape {
    /// Position of the sample in the split: of those classified correctly, the one with the largest eigenvalue.
    pub index: usize,
    /// The class.
    pub label: u32,
    /// The two largest eigenvalues; their vectors point up the gradient.
    pub eigenvalues: [f64; 2],
    /// ⟨g, v₁⟩ and ⟨g, v₂⟩.
    pub slopes: [f64; 2],
    /// Displacements along both axes, rising, in the L2 norm.
    pub offsets: Vec<f64>,
    /// Cross-entropy; row i is at `offsets[i]` along v₁, column j along v₂.
    pub losses: Vec<Vec<f64>>,
    /// The class that wins at each point.
    pub predictions: Vec<Vec<u32>>,
}

/// The landscape of the sharpest sample that is classified correctly; none where there is none. Cost: some products and
/// `side²` forward passes.
pub(super) fn landscape(
    session: &Session,
    oracle: &NetworkOracle<'_>,
    points: &[Point],
    options: &SaddleFreeOptions,
) -> Result<Option<Landscape>, StudyError> {
    let (data, first) = (session.dataset(), session.data_part().range[0]);
    let side = options.landscape_side;
    if side == 0 {
        return Ok(None);
    }
    let pixels = |index: usize| -> Vec<f64> {
        data.image(index.saturating_sub(first)).iter().map(|v| f64::from(*v) / 255.0).collect()
    };
    let mut order: Vec<&Point> = points.iter().filter(|p| p.largest > 0.0).collect();
    order.sort_by(|a, b| b.largest.total_cmp(&a.largest));
    let label_of = |index: usize| data.labels.get(index.saturating_sub(first)).copied().unwrap_or_default();
    let mut chosen = None;
    for point in order {
        if losses::prediction(&oracle.logits(&pixels(point.index))?) == Some(label_of(point.index)) {
            chosen = Some(point.index);
            break;
        }
    }
    let Some(index) = chosen else { return Ok(None) };
    let (x, label) = (pixels(index), label_of(index));
    let d = x.len();
    let request = LanczosRequest {
        largest: 2,
        smallest: 0,
        tolerance: 1e-6,
        max_products: 4 * options.max_products,
        noise: NOISE,
        seed: options.seed,
    };
    let mut product = |_: &[usize], v: &[f64]| -> Result<Vec<f64>, OracleError> {
        oracle.hessian_product(&x, &[label], AttackLoss::CrossEntropy, v)
    };
    let found = extremes(&mut product, &[index], d, &request, &mut |_| Control::Continue)?;
    let Some(spectrum) = found.as_deref().and_then(<[_]>::first).filter(|s| s.largest.len() == 2) else {
        return Ok(None);
    };
    let g = oracle.loss_gradient(&x, &[label], AttackLoss::CrossEntropy)?.gradient;
    let mut axes: Vec<Vec<f64>> = spectrum.vectors.chunks_exact(d).map(<[f64]>::to_vec).collect();
    for axis in &mut axes {
        // An eigenvector's sign is arbitrary: the loss rises along it here.
        if dot(axis, &g) < 0.0 {
            axis.iter_mut().for_each(|v| *v = -*v);
        }
    }
    let slopes = [dot(&axes[0], &g), dot(&axes[1], &g)];
    let span = (side.max(2) - 1) as f64;
    let offsets: Vec<f64> = (0..side).map(|i| options.landscape_radius * (2.0 * i as f64 / span - 1.0)).collect();
    let (mut values, mut predictions) = (Vec::with_capacity(side), Vec::with_capacity(side));
    for a in &offsets {
        let mut row = Vec::with_capacity(side * d);
        for b in &offsets {
            let mut at = x.clone();
            add_scaled(&mut at, *a, &axes[0]);
            add_scaled(&mut at, *b, &axes[1]);
            row.extend(at);
        }
        let z = oracle.logits(&row)?;
        let rows = z.chunks_exact(oracle.classes().max(1));
        values.push(rows.clone().map(|z| losses::value(AttackLoss::CrossEntropy, z, label)).collect());
        predictions.push(rows.map(|z| losses::prediction(z).unwrap_or(u32::MAX)).collect());
    }
    let eigenvalues = [spectrum.largest[0].value, spectrum.largest[1].value];
    Ok(Some(Landscape { index, label, eigenvalues, slopes, offsets, losses: values, predictions }))
}
